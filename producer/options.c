#include "producer/options.h"
#include "producer/ledger.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FIELD(member) offsetof(struct options, member)

static const char *const formats[] = {"csv", "jsonl", "auto", NULL};
static const char *const forms[] = {"json", "csv", NULL};
static const char *const arrivals[] = {"constant", "poisson", NULL};
static const char *const outputs[] = {"text", "json", NULL};

static int check_run(const char *value, char *errstr, size_t errstr_size)
{
	if (ledger_is_run(value))
		return 0;
	snprintf(errstr, errstr_size, "a run has 1 to 100 of the characters A-Z a-z 0-9 . _ -");
	return -1;
}

static int check_bound(const char *value, char *errstr, size_t errstr_size)
{
	struct bound bound;
	return bound_parse(value, &bound, errstr, errstr_size);
}

static const struct setting settings_table[] = {
	{.option = "topic",
		.letter = 't',
		.type = SETTING_STRING,
		.offset = FIELD(topic),
		.argument = "TOPIC",
		.help = "Send to this topic."},
	{.option = "endpoint",
		.letter = 'e',
		.type = SETTING_STRING,
		.offset = FIELD(endpoint),
		.argument = "ENDPOINT",
		.help = "Send to this endpoint: its topics and format come from the control log."},
	{.option = "responses",
		.type = SETTING_STRING,
		.offset = FIELD(responses),
		.argument = "TOPIC",
		.help = "With --topic and --wait: where the answers come."},
	{.option = "format",
		.letter = 'f',
		.type = SETTING_CHOICE,
		.offset = FIELD(format),
		.fallback = "auto",
		.choices = formats,
		.argument = "FORMAT",
		.help = "What the input is; auto: by the file's name."},
	{.option = "as",
		.type = SETTING_CHOICE,
		.offset = FIELD(as),
		.fallback = "json",
		.choices = forms,
		.argument = "FORM",
		.help = "What a CSV row becomes: a JSON object, or a CSV row without header."},
	{.option = "label",
		.type = SETTING_STRING,
		.offset = FIELD(label),
		.argument = "COLUMN",
		.help = "The truth about a row: left out of the request, and, with --endpoint or "
			"--events-partitions, published for the report."},
	{.option = "keep-label",
		.type = SETTING_BOOL,
		.offset = FIELD(keep_label),
		.fallback = "false",
		.help = "With --label: the request has the column too."},
	{.option = "events-partitions",
		.type = SETTING_INT,
		.offset = FIELD(event_partitions),
		.fallback = "0",
		.min = 0,
		.max = 100000,
		.argument = "N",
		.help = "With --topic and --label: how many partitions umbra.events has; 0: the "
			"truth is not published. With --endpoint the control log says it."},
	{.option = "key",
		.letter = 'k',
		.type = SETTING_STRING,
		.offset = FIELD(key),
		.argument = "COLUMN",
		.help = "The column whose text is the record's key."},
	{.option = "content-type",
		.type = SETTING_STRING,
		.offset = FIELD(content_type),
		.argument = "TYPE",
		.help = "Content type of the requests; else it follows from the form."},
	{.option = "avro",
		.type = SETTING_BOOL,
		.offset = FIELD(avro),
		.fallback = "false",
		.help = "With --topic: send each request as an InferenceRequest."},
	{.option = "from-topic",
		.type = SETTING_STRING,
		.offset = FIELD(from_topic),
		.argument = "TOPIC",
		.help = "Instead of a file: send the records of this topic as they are, by their "
			"timestamps."},
	{.option = "from",
		.type = SETTING_STRING,
		.offset = FIELD(from),
		.argument = "OFFSET|TIME",
		.check = check_bound,
		.help = "With --from-topic: begin here; an offset counts in each partition, a time "
			"is as 2026-01-31T12:00:00Z. Else earliest."},
	{.option = "to",
		.type = SETTING_STRING,
		.offset = FIELD(to),
		.argument = "OFFSET|TIME",
		.check = check_bound,
		.help = "With --from-topic: end before this. Else now."},
	{.option = "rate",
		.letter = 'r',
		.type = SETTING_DOUBLE,
		.offset = FIELD(rate),
		.fallback = "0",
		.min = 0,
		.max = 10000000,
		.argument = "N",
		.help = "Requests a second, at fixed times whatever the answers do; 0: as fast as "
			"there is room in flight."},
	{.option = "arrivals",
		.type = SETTING_CHOICE,
		.offset = FIELD(arrivals),
		.fallback = "constant",
		.choices = arrivals,
		.argument = "PROCESS",
		.help = "With --rate: requests come evenly, or as those of many independent "
			"callers; the same --run comes at the same times."},
	{.option = "repeat",
		.type = SETTING_INT,
		.offset = FIELD(repeat),
		.fallback = "1",
		.min = 0,
		.max = 1000000000,
		.argument = "N",
		.help = "Send the whole input so many times; 0: without end."},
	{.option = "limit",
		.letter = 'n',
		.type = SETTING_INT,
		.offset = FIELD(limit),
		.fallback = "0",
		.min = 0,
		.max = INT64_MAX,
		.argument = "N",
		.help = "Send at most so many requests; 0: no limit."},
	{.option = "in-flight",
		.type = SETTING_INT,
		.offset = FIELD(in_flight),
		.fallback = "1000",
		.min = 1,
		.max = 10000000,
		.argument = "N",
		.help = "Requests that may be without acknowledgement or answer at a time."},
	{.option = "wait",
		.letter = 'w',
		.type = SETTING_BOOL,
		.offset = FIELD(wait),
		.fallback = "false",
		.help = "Await an answer to each request."},
	{.option = "timeout",
		.type = SETTING_DURATION,
		.offset = FIELD(timeout_us),
		.fallback = "30s",
		.min = 1000,
		.max = 86400000000,
		.argument = "TIME",
		.help = "How long to await the end of a request, from its sending."},
	{.option = "skip-bad",
		.type = SETTING_BOOL,
		.offset = FIELD(skip_bad),
		.fallback = "false",
		.help = "Count bad rows and go on; not beyond a bad header or a quote that never "
			"closes."},
	{.option = "run",
		.type = SETTING_STRING,
		.offset = FIELD(run),
		.argument = "ID",
		.check = check_run,
		.help = "What the request ids begin with; the same ids are sampled alike. Else "
			"random."},
	{.option = "output",
		.letter = 'o',
		.type = SETTING_CHOICE,
		.offset = FIELD(output),
		.fallback = "text",
		.choices = outputs,
		.argument = "FORM",
		.help = "How the report on standard output looks."},
};

static const char *check_capture(const struct options *options)
{
	bool shapes = options->label || options->key || options->content_type || options->avro ||
		options->format != FORMAT_BY_NAME || options->as != BODY_JSON;
	if (!options->from_topic)
		return options->from || options->to ? "--from and --to go with --from-topic" : NULL;
	if (shapes || options->skip_bad || options->repeat != 1)
		return "--from-topic sends records as they are, once: without --format, --as, "
		       "--label, --key, --content-type, --avro, --skip-bad and --repeat";
	return NULL;
}

static int check(const void *values, char *errstr, size_t errstr_size)
{
	const struct options *options = values;
	const char *problem = NULL;
	if (!options->topic == !options->endpoint)
		problem = "name either a --topic or an --endpoint";
	else if (options->endpoint && (options->responses || options->avro))
		problem = "--responses and --avro go with --topic; an --endpoint has its own";
	else if (options->endpoint && options->event_partitions)
		problem = "--events-partitions goes with --topic; with --endpoint the control log "
			  "says it";
	else if (!options->label && (options->keep_label || options->event_partitions))
		problem = "--keep-label and --events-partitions go with --label";
	else if (options->topic && options->wait && !options->responses)
		problem = "--wait with a --topic needs --responses TOPIC";
	else if (options->arrivals == ARRIVALS_POISSON && options->rate <= 0)
		problem = "--arrivals poisson needs a --rate";
	else
		problem = check_capture(options);
	if (problem)
		snprintf(errstr, errstr_size, "%s", problem);
	return problem ? -1 : 0;
}

const struct program options_program = {
	.name = "umbra-producer",
	.summary = "sends the rows of a file as requests, and awaits their answers if asked",
	.synopsis = "[OPTION]... [FILE|-]",
	.details = "FILE is CSV with a header (RFC 4180) or JSON lines; - or nothing: standard "
		   "input. --from-topic reads a topic instead: its records keep key, value, "
		   "partition number and headers, less kafka_replyTopic and "
		   "kafka_replyPartition.\n\n"
		   "A request's id is RUN-NUMBER. Latency counts from the time at which a "
		   "request was meant to be sent. Status 0: each request was answered (without "
		   "--wait: acknowledged); 1: not all, or a bad row; 2: usage.",
	.settings = settings_table,
	.n_settings = sizeof settings_table / sizeof *settings_table,
	.values_size = sizeof(struct options),
	.max_operands = 1,
	.check = check,
};

static enum input_format format_of(const char *path)
{
	const char *dot = strrchr(path, '.');
	if (dot && strcasecmp(dot, ".csv") == 0)
		return INPUT_CSV;
	return INPUT_JSONL;
}

static int choose_range(const struct options *options, const char *path, struct capture_plan *plan,
	char *errstr, size_t errstr_size)
{
	plan->topic = options->from_topic;
	if (path) {
		snprintf(errstr, errstr_size, "read %s or --from-topic %s, not both", path,
			options->from_topic);
		return -1;
	}
	if (bound_parse(options->from ? options->from : "earliest", &plan->from, errstr,
		    errstr_size) < 0 ||
		bound_parse(options->to ? options->to : "now", &plan->to, errstr, errstr_size) < 0)
		return -1;
	if (!bounds_are_empty(&plan->from, &plan->to))
		return 0;
	snprintf(errstr, errstr_size, "nothing lies from %s to %s",
		options->from ? options->from : "earliest", options->to ? options->to : "now");
	return -1;
}

static int choose_format(const struct options *options, const char *path,
	struct record_config *config, char *errstr, size_t errstr_size)
{
	static const char *const known[] = {".csv", ".jsonl", ".ndjson", ".json"};
	const char *dot = strrchr(path, '.');
	bool is_known = options->format != FORMAT_BY_NAME;
	for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
		is_known = is_known || strcasecmp(dot, known[i]) == 0;
	if (!is_known) {
		snprintf(errstr, errstr_size,
			"\"%s\" does not tell its format by its name: add --format csv or --format "
			"jsonl",
			path);
		return -1;
	}
	*config = (struct record_config){
		.format = options->format == FORMAT_BY_NAME ? format_of(path)
							    : (enum input_format)options->format,
		.form = (enum body_form)options->as,
		.label = options->label,
		.keep_label = options->keep_label,
		.key = options->key,
	};
	if (config->format == INPUT_CSV || config->form == BODY_JSON)
		return 0;
	snprintf(errstr, errstr_size, "--as csv needs CSV to begin with; \"%s\" is JSON lines",
		path);
	return -1;
}

int options_choose_input(const struct options *options, const char **path,
	struct record_config *config, struct capture_plan *plan, char *errstr, size_t errstr_size)
{
	*plan = (struct capture_plan){.topic = NULL};
	if (options->from_topic)
		return choose_range(options, *path, plan, errstr, errstr_size);
	if (!*path)
		*path = "-";
	return choose_format(options, *path, config, errstr, errstr_size);
}

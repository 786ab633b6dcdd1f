/* umbra-demo-model: serves one of the churn models as SageMaker's containers do, so that the demo and
 * the tests have something to call. It can be told to be slow, to fail, to hang, to talk nonsense. */
#include "common/metrics.h"
#include "common/text.h"
#include "integration/models/service.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	const char *model, *host;
	int port;
	struct knobs knobs;
};

static const char usage[] =
	"usage: umbra-demo-model --model FILE.json [OPTION]...\n"
	"Serves an XGBoost model: POST /invocations with a JSON object or a CSV row, GET /ping.\n"
	"FILE.features.json beside the model says how columns become numbers.\n"
	"\n"
	"      --host ADDRESS        IPv4 address to listen on (127.0.0.1)\n"
	"      --port PORT           0: a free one (8501); the first line of output says which\n"
	"      --latency MS          wait before each answer (0)\n"
	"      --jitter MS           and a random time up to this (0)\n"
	"      --error-rate P        share of answers with status 500, 0 to 1 (0)\n"
	"      --hang-rate P         share of requests that are never answered (0)\n"
	"      --garbage-rate P      share of answers that are nonsense (0)\n"
	"      --seed N              of what is random (1)\n"
	"      --help, --version\n"
	"GET and POST /knobs show and change the middle five as JSON, as {\"latency_ms\": 5}.\n";

enum {
	OPTION_MODEL = 1,
	OPTION_HOST,
	OPTION_PORT,
	OPTION_SEED,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_KNOB
};

static const char *const knob_names[] = {
	"latency_ms", "jitter_ms", "error_rate", "hang_rate", "garbage_rate"};

static const struct option table[] = {
	{"model", required_argument, NULL, OPTION_MODEL},
	{"host", required_argument, NULL, OPTION_HOST},
	{"port", required_argument, NULL, OPTION_PORT},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"latency", required_argument, NULL, OPTION_KNOB},
	{"jitter", required_argument, NULL, OPTION_KNOB + 1},
	{"error-rate", required_argument, NULL, OPTION_KNOB + 2},
	{"hang-rate", required_argument, NULL, OPTION_KNOB + 3},
	{"garbage-rate", required_argument, NULL, OPTION_KNOB + 4},
	{NULL, 0, NULL, 0},
};

static int wrong(const char *message)
{
	fprintf(stderr, "umbra-demo-model: %s\n", message);
	return 2;
}

static int parse_number(const char *what, int64_t max, int64_t *value)
{
	char message[80];
	if (text_parse_int(optarg, value) == 0 && *value >= 0 && *value <= max)
		return -1;
	snprintf(message, sizeof message, "--%s: a number from 0 to %jd", what, (intmax_t)max);
	return wrong(message);
}

static int parse_knob(struct options *options, int index)
{
	double value;
	char errstr[160];
	if (text_parse_double(optarg, &value))
		return wrong("a knob's value is a number");
	if (knobs_set(&options->knobs, knob_names[index], value, errstr, sizeof errstr))
		return wrong(errstr);
	return -1;
}

/* -1: go on, else the exit status. */
static int parse_option(struct options *options, int letter)
{
	int64_t number = 0;
	int rc = -1;
	switch (letter) {
	case OPTION_MODEL:
		options->model = optarg;
		return -1;
	case OPTION_HOST:
		options->host = optarg;
		return -1;
	case OPTION_PORT:
		rc = parse_number("port", 65535, &number);
		options->port = (int)number;
		return rc;
	case OPTION_SEED:
		rc = parse_number("seed", INT64_MAX, &number);
		options->knobs.random = (uint64_t)number;
		return rc;
	case OPTION_HELP:
		fputs(usage, stdout);
		return 0;
	case OPTION_VERSION:
		puts("umbra-demo-model " UMBRA_VERSION);
		return 0;
	case '?':
		return 2;
	default:
		return parse_knob(options, letter - OPTION_KNOB);
	}
}

static int parse_options(int argc, char **argv, struct options *options)
{
	int letter, rc = -1;
	*options = (struct options){.host = "127.0.0.1", .port = 8501, .knobs.random = 1};
	while (rc < 0 && (letter = getopt_long(argc, argv, "", table, NULL)) != -1)
		rc = parse_option(options, letter);
	if (rc < 0 && optind < argc)
		return wrong("takes no words, only options; see --help");
	if (rc < 0 && !options->model)
		return wrong("--model FILE is missing; see --help");
	return rc;
}

/* "x/churn-v1.json" has its features in "x/churn-v1.features.json". */
static struct features *load_features(const char *model, char *errstr, size_t errstr_size)
{
	char path[4096];
	size_t n = strlen(model);
	if (n > 5 && strcmp(model + n - 5, ".json") == 0)
		n -= 5;
	snprintf(path, sizeof path, "%.*s.features.json", (int)n, model);
	return features_load(path, errstr, errstr_size);
}

static void serve(struct loop *loop, struct service *service, const char *host)
{
	printf("listening on %s:%d\n", host, service_port(service));
	fflush(stdout);
	while (!loop_is_stopping(loop))
		loop_wait(loop, NULL, service_tick(service));
}

int main(int argc, char **argv)
{
	struct options options;
	char errstr[512] = "";
	int rc = parse_options(argc, argv, &options);
	if (rc >= 0)
		return rc;

	/* The loop first: XGBoost starts threads, which must have the signals blocked too. */
	struct loop *loop = loop_new(errstr, sizeof errstr);
	struct features *features =
		loop ? load_features(options.model, errstr, sizeof errstr) : NULL;
	struct predictor *predictor = features
		? predictor_load(options.model, features_count(features), errstr, sizeof errstr)
		: NULL;
	struct service_parts parts = {loop, options.model, features, predictor, &options.knobs};
	struct service *service = predictor
		? service_open(&parts, options.host, options.port, errstr, sizeof errstr)
		: NULL;

	if (service)
		serve(loop, service, options.host);
	else
		fprintf(stderr, "umbra-demo-model: %s\n", errstr);

	bool is_served = service != NULL;
	service_close(service);
	predictor_free(predictor);
	features_free(features);
	loop_free(loop);
	metrics_free();
	return is_served ? 0 : 1;
}

/* umbractl cat: any topic as JSON lines. It reads each partition from where --from says to the end
 * that it had when the command started, or on and on with -f. */
#include "control/cat.h"
#include "common/text.h"
#include "control/reading.h"
#include <string.h>

static const struct setting options[] = {
	{.option = "follow",
		.letter = 'f',
		.type = SETTING_BOOL,
		.offset = CTL_AT(follow),
		.fallback = "false",
		.help = "Go on with what arrives later."},
	{.option = "from",
		.type = SETTING_STRING,
		.offset = CTL_AT(from),
		.argument = "OFFSET|TIME|now",
		.help = "The first record of each partition."},
	{.option = "to",
		.type = SETTING_STRING,
		.offset = CTL_AT(to),
		.argument = "OFFSET|TIME",
		.help = "Stop in each partition before this offset or time."},
	{.option = "key",
		.type = SETTING_STRING,
		.offset = CTL_AT(key),
		.argument = "K",
		.help = "Only records with this key."},
	{.option = "count",
		.letter = 'n',
		.type = SETTING_INT,
		.offset = CTL_AT(count),
		.fallback = "-1",
		.min = -1,
		.max = INT64_MAX,
		.argument = "N",
		.help = "Stop after N records."},
	OPTION_TIMEOUT,
};

struct cat {
	const struct ctl_settings *settings;
	int64_t printed;
};

/* False after a message. */
static bool parse_limit(const char *text, const char *option, enum limit *limit, int64_t *value)
{
	*limit = LIMIT_NONE;
	if (!text || strcmp(text, "earliest") == 0)
		return true;
	*limit = strcmp(text, "now") == 0 ? LIMIT_NOW : LIMIT_OFFSET;
	if (*limit == LIMIT_NOW || (text_parse_int(text, value) == 0 && *value >= 0))
		return true;
	*limit = LIMIT_TIME;
	if (text_parse_time(text, value) == 0)
		return true;
	ctl_usage("%s must be an offset or a time, as 2026-01-31T12:00:00Z", option);
	return false;
}

static bool has_key(const rd_kafka_message_t *rkm, const char *key)
{
	return !key ||
		(rkm->key && rkm->key_len == strlen(key) &&
			memcmp(rkm->key, key, rkm->key_len) == 0);
}

static bool print_record(void *opaque, const rd_kafka_message_t *rkm)
{
	struct cat *cat = opaque;

	if (!has_key(rkm, cat->settings->key))
		return true;
	cat_print_record(rkm);
	cat->printed++;
	return cat->settings->count < 0 || cat->printed < cat->settings->count;
}

static int run(struct ctl *ctl)
{
	struct cat cat = {.settings = &ctl->settings};
	struct reading reading = {
		.ctl = ctl, .follow = ctl->settings.follow, .take = print_record, .opaque = &cat};
	int status;

	if (ctl->n_operands != 1)
		return ctl_usage("which topic? umbractl cat TOPIC");
	if (!parse_limit(ctl->settings.from, "--from", &reading.from, &reading.from_value) ||
		!parse_limit(ctl->settings.to, "--to", &reading.to, &reading.to_value))
		return EXIT_USAGE;
	status = ctl_connect(ctl);
	if (status != EXIT_DONE)
		return status;
	reading.topic = ctl->operands[0];
	return ctl->settings.count ? reading_run(&reading) : EXIT_DONE;
}

const struct verb verb_cat = {"cat",
	CTL_PROGRAM("cat TOPIC [OPTION]...", "Print a topic as JSON lines.",
		"Each line has partition, offset, timestamp, key, headers (a list of [name, "
		"value]) "
		"and value. Umbra's own records are decoded, JSON is embedded, other text is a "
		"string, other bytes are {\"base64\": ...}.",
		options, 1),
	run};

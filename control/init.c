/* umbractl init: Umbra's own topics, and the first record of the control log, which fixes the number
 * of event partitions for good. */
#include "control/umbractl.h"
#include <stdlib.h>
#include <string.h>

enum { N_TOPICS = 3, DEFAULT_EVENT_PARTITIONS = 8 };

static const struct setting options[] = {
	{.option = "event-partitions",
		.type = SETTING_INT,
		.offset = CTL_AT(event_partitions),
		.fallback = "0",
		.max = 10000,
		.argument = "N",
		.help = "Partitions of the event topic, for good; default: those that it has, else "
			"8."},
	{.option = "replication",
		.type = SETTING_INT,
		.offset = CTL_AT(replication),
		.fallback = "-1",
		.min = -1,
		.max = 100,
		.argument = "R",
		.help = "Copies of each topic; default: the brokers' own default."},
	{.option = "no-create",
		.type = SETTING_BOOL,
		.offset = CTL_AT(no_create),
		.fallback = "false",
		.help = "Create no topic: print the commands for someone who may."},
	OPTION_WRITE,
	OPTION_TIMEOUT,
};

static void want_topic(struct topic_want *want, const struct ctl *ctl, enum topic_kind kind,
	const char *name, int64_t partitions)
{
	snprintf(want->name, sizeof(want->name), "%s%s", ctl->settings.common.prefix, name);
	want->kind = kind;
	want->partitions = (int)partitions;
	want->replication = (int)ctl->settings.replication;
}

/* N: as asked, as the topic has, as the default says. 0 after a message. */
static int64_t choose_partitions(struct ctl *ctl)
{
	char events[300], errstr[512];
	int64_t asked = ctl->settings.event_partitions;
	int count;

	snprintf(events, sizeof(events), "%sevents", ctl->settings.common.prefix);
	count = kafka_partition_count(ctl->rk, events, ctl_timeout_ms(ctl), errstr, sizeof(errstr));
	if (count < 0) {
		ctl_fail("%s", errstr);
		return 0;
	}
	if (count > 0 && asked > 0 && count != asked) {
		ctl_fail("topic %s has %d partitions already, not %lld", events, count,
			(long long)asked);
		return 0;
	}
	if (count > 0)
		return count;
	return asked > 0 ? asked : DEFAULT_EVENT_PARTITIONS;
}

static int print_commands(const struct ctl *ctl, const struct topic_want *want, const bool *missing)
{
	size_t n = 0;

	for (size_t i = 0; i < N_TOPICS; i++) {
		char *command;

		if (!missing[i])
			continue;
		command = topics_command(&want[i], ctl->settings.common.brokers);
		printf("%s\n", command);
		free(command);
		n++;
	}
	if (n == 0)
		return EXIT_DONE;
	return ctl_fail("%zu topics are missing: someone who may runs the commands above, then run "
			"umbractl init again",
		n);
}

static int create_topics(struct ctl *ctl, const struct topic_want *want, const bool *missing)
{
	char errstr[512];

	for (size_t i = 0; i < N_TOPICS; i++) {
		if (missing[i] &&
			topics_create(ctl->rk, &want[i], 1, ctl_timeout_ms(ctl), errstr,
				sizeof(errstr)) != 0)
			return ctl_fail("%s", errstr);
		printf("topic %s %s\n", want[i].name, missing[i] ? "created" : "exists");
	}
	return EXIT_DONE;
}

static int prepare_topics(struct ctl *ctl, int64_t partitions)
{
	struct topic_want want[N_TOPICS];
	bool missing[N_TOPICS];
	char errstr[512];
	int status, checked = 0;

	want_topic(&want[0], ctl, TOPIC_CONTROL, "control", 1);
	want_topic(&want[1], ctl, TOPIC_EVENTS, "events", partitions);
	want_topic(&want[2], ctl, TOPIC_AGGREGATES, "aggregates", partitions);
	if (topics_find_missing(ctl->rk, want, N_TOPICS, missing, ctl_timeout_ms(ctl), errstr,
		    sizeof(errstr)) != 0)
		return ctl_fail("%s", errstr);
	status = ctl->settings.no_create ? print_commands(ctl, want, missing)
					 : create_topics(ctl, want, missing);
	if (status == EXIT_DONE)
		checked = topics_check(ctl->rk, ctl->settings.common.prefix, ctl_timeout_ms(ctl),
			errstr, sizeof(errstr));
	if (checked < 0)
		return ctl_fail("%s", errstr);
	if (checked > 0)
		fprintf(stderr, "umbractl: %s\n", errstr);
	return status;
}

static int write_installation(struct ctl *ctl, int64_t partitions)
{
	int64_t known = ctl->state->event_partitions;
	int status;

	if (known == partitions) {
		printf("installation unchanged (%lld event partitions)\n", (long long)known);
		return EXIT_DONE;
	}
	if (known != 0)
		return ctl_fail(
			"the installation has %lld event partitions, the topic %lld: events "
			"would be lost; create the topic with %lld",
			(long long)known, (long long)partitions, (long long)known);
	status = ctl_commit_one(ctl, OBJECT_INSTALLATION, "installation",
		json_pack("{s:I}", "event_partitions", (json_int_t)partitions));
	if (status == EXIT_DONE)
		printf("installation created (%lld event partitions)\n", (long long)partitions);
	return status;
}

static int run(struct ctl *ctl)
{
	int64_t partitions;
	int status = ctl_connect(ctl);

	if (status != EXIT_DONE)
		return status;
	partitions = choose_partitions(ctl);
	if (partitions == 0)
		return EXIT_FAILED;
	status = prepare_topics(ctl, partitions);
	if (status == EXIT_DONE)
		status = ctl_open(ctl);
	return status == EXIT_DONE ? write_installation(ctl, partitions) : status;
}

const struct verb verb_init = {"init",
	CTL_PROGRAM("init [OPTION]...", "Create Umbra's own topics and the installation.",
		"Run it again at any time: what is there stays as it is.", options, 0),
	run};

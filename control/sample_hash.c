/* umbractl sample-hash: would a request with this sampling key be copied? */
#include "common/sampling.h"
#include "control/umbractl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct setting options[] = {
	{.option = "percent",
		.type = SETTING_DOUBLE,
		.offset = CTL_AT(percent),
		.fallback = "-1",
		.argument = "P",
		.help = "Decide for this percentage; default: the test's own."},
	OPTION_TIMEOUT,
};

/* floor(k * 2^64 / 10^6) in hex; it is 2^64 for 100 %. */
static void format_threshold(uint32_t k, char *text, size_t size)
{
	unsigned __int128 threshold = ((unsigned __int128)k << 64) / SAMPLING_ALWAYS;

	if (threshold >> 64)
		snprintf(text, size, "10000000000000000");
	else
		snprintf(text, size, "%016llx", (unsigned long long)threshold);
}

static void print_one(const struct test *test, const char *key, uint32_t k)
{
	uint64_t hash = sampling_hash(key, strlen(key), test->seed);
	char threshold[20];

	format_threshold(k, threshold, sizeof(threshold));
	printf("hash       %016llx\nthreshold  %s (%g %%)\ncopied     %s\n",
		(unsigned long long)hash, threshold, k / 1e4,
		sampling_takes(hash, k) ? "yes" : "no");
}

/* A line for each key of standard input: key, hash, threshold, yes or no, with tabs. */
static void print_many(const struct test *test, uint32_t k)
{
	char *key = NULL, threshold[20];
	size_t capacity = 0;
	ssize_t size;

	format_threshold(k, threshold, sizeof(threshold));
	while ((size = getline(&key, &capacity, stdin)) > 0) {
		uint64_t hash;

		if (key[size - 1] == '\n')
			key[--size] = '\0';
		hash = sampling_hash(key, (size_t)size, test->seed);
		printf("%s\t%016llx\t%s\t%s\n", key, (unsigned long long)hash, threshold,
			sampling_takes(hash, k) ? "yes" : "no");
	}
	free(key);
}

static int run(struct ctl *ctl)
{
	double percent = ctl->settings.percent;
	const struct test *test;
	uint32_t k;
	int status;

	if (ctl->n_operands != 2)
		return ctl_usage("usage: umbractl sample-hash TEST KEY; KEY - reads one a line");
	if (percent != -1 &&
		(!(percent >= 0 && percent <= 100) ||
			fabs(percent * 1e4 - round(percent * 1e4)) > 1e-5))
		return ctl_usage("--percent must be from 0 to 100, with at most four decimals");
	status = ctl_open(ctl);
	if (status != EXIT_DONE)
		return status;
	test = ctl_find_test(ctl, ctl->operands[0]);
	if (!test)
		return EXIT_FAILED;
	k = percent < 0 ? test->sampling : (uint32_t)llround(percent * 1e4);
	if (strcmp(ctl->operands[1], "-") == 0)
		print_many(test, k);
	else
		print_one(test, ctl->operands[1], k);
	return EXIT_DONE;
}

const struct verb verb_sample_hash = {"sample-hash",
	CTL_PROGRAM("sample-hash TEST KEY [OPTION]...",
		"Would a request with this sampling key be copied?",
		"The key is the request id, or the record key where the test samples by key. With "
		"- "
		"keys are read from standard input, one a line.",
		options, 2),
	run};

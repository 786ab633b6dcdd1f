#include "integration/models/knobs.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
	double max;
} table[] = {
	{"latency_ms", offsetof(struct knobs, latency_ms), 600000},
	{"jitter_ms", offsetof(struct knobs, jitter_ms), 600000},
	{"error_rate", offsetof(struct knobs, error_rate), 1},
	{"hang_rate", offsetof(struct knobs, hang_rate), 1},
	{"garbage_rate", offsetof(struct knobs, garbage_rate), 1},
};

enum { N_KNOBS = sizeof table / sizeof *table };

static double *knob(struct knobs *knobs, size_t i)
{
	return (double *)((char *)knobs + table[i].offset);
}

int knobs_set(struct knobs *knobs, const char *name, double value, char *errstr, size_t errstr_size)
{
	for (size_t i = 0; i < N_KNOBS; i++) {
		if (strcmp(name, table[i].name) != 0)
			continue;
		if (value >= 0 && value <= table[i].max) {
			*knob(knobs, i) = value;
			return 0;
		}
		snprintf(errstr, errstr_size, "%s must be between 0 and %g", name, table[i].max);
		return -1;
	}
	snprintf(errstr, errstr_size, "no such knob: %.40s", name);
	return -1;
}

int knobs_set_json(
	struct knobs *knobs, const void *data, size_t size, char *errstr, size_t errstr_size)
{
	struct knobs changed = *knobs;
	json_error_t error;
	const char *name;
	json_t *value, *json = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	int rc = json_is_object(json) ? 0 : -1;
	if (rc)
		snprintf(errstr, errstr_size, "not a JSON object");
	json_object_foreach(json, name, value)
	{
		if (rc == 0 && !json_is_number(value)) {
			snprintf(errstr, errstr_size, "%.40s is not a number", name);
			rc = -1;
		}
		if (rc == 0)
			rc = knobs_set(
				&changed, name, json_number_value(value), errstr, errstr_size);
	}
	json_decref(json);
	if (rc == 0)
		*knobs = changed;
	return rc;
}

char *knobs_text(const struct knobs *knobs)
{
	json_t *json = json_object();
	for (size_t i = 0; i < N_KNOBS; i++) {
		struct knobs copy = *knobs;
		json_object_set_new(json, table[i].name, json_real(*knob(&copy, i)));
	}
	char *text = json_dumps(json, JSON_REAL_PRECISION(10));
	json_decref(json);
	return text;
}

/* SplitMix64, a number in [0, 1). The same seed draws the same lots. */
static double draw(struct knobs *knobs)
{
	uint64_t z = knobs->random += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

enum fate knobs_draw_fate(struct knobs *knobs)
{
	if (knobs->error_rate > 0 && draw(knobs) < knobs->error_rate)
		return FATE_ERROR;
	if (knobs->hang_rate > 0 && draw(knobs) < knobs->hang_rate)
		return FATE_HANG;
	if (knobs->garbage_rate > 0 && draw(knobs) < knobs->garbage_rate)
		return FATE_GARBAGE;
	return FATE_ANSWER;
}

int64_t knobs_draw_delay_us(struct knobs *knobs)
{
	double ms = knobs->latency_ms;
	if (knobs->jitter_ms > 0)
		ms += knobs->jitter_ms * draw(knobs);
	return (int64_t)(ms * 1000);
}

/* The records lie in memory as the log has them: it is never deleted and small. Of very many only the
 * newest are told, but every generation keeps its time. */
#include "consumers/console/timeline.h"
#include "common/definition.h"
#include "common/memory.h"
#include "common/text.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_MAX = 5000 };

struct timeline {
	struct moment {
		int64_t generation, time_us;
	} * moments; /* ascending */
	size_t n_moments;
	json_t *records; /* oldest first */
};

struct timeline *timeline_new(void)
{
	struct timeline *timeline = calloc(1, sizeof *timeline);
	memory_need(timeline);
	timeline->records = json_array();
	memory_need(timeline->records);
	return timeline;
}

void timeline_free(struct timeline *timeline)
{
	if (!timeline)
		return;
	json_decref(timeline->records);
	free(timeline->moments);
	free(timeline);
}

static json_t *change_to_json(const struct control_change *change)
{
	json_t *definition = change->definition ? json_loads(change->definition, 0, NULL) : NULL;
	json_t *json = json_pack("{s:s s:s s:s s:o}", "kind", object_kind_name(change->kind),
		"name", change->name, "action", change->action == CHANGE_DELETE ? "delete" : "put",
		"definition", definition ? definition : json_null());
	assert(json);
	return json;
}

void timeline_note(
	struct timeline *timeline, const struct control_record *record, int64_t append_time_us)
{
	char time[TEXT_MAX];
	timeline->moments =
		reallocarray(timeline->moments, timeline->n_moments + 1, sizeof *timeline->moments);
	memory_need(timeline->moments);
	timeline->moments[timeline->n_moments++] =
		(struct moment){record->generation, append_time_us};
	json_t *changes = json_array();
	for (size_t i = 0; i < record->n_changes; i++)
		json_array_append_new(changes, change_to_json(&record->changes[i]));
	json_t *json = json_pack("{s:I s:s s:s s:s s:o}", "generation",
		(json_int_t)record->generation, "time", text_format_time(append_time_us, time),
		"who", record->author, "why", record->reason, "changes", changes);
	assert(json);
	json_array_append_new(timeline->records, json);
	if (json_array_size(timeline->records) > TOLD_MAX)
		json_array_remove(timeline->records, 0);
}

int64_t timeline_time(const struct timeline *timeline, int64_t generation)
{
	size_t low = 0, high = timeline->n_moments;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (timeline->moments[middle].generation < generation)
			low = middle + 1;
		else
			high = middle;
	}
	bool is_there =
		low < timeline->n_moments && timeline->moments[low].generation == generation;
	return is_there ? timeline->moments[low].time_us : 0;
}

static bool is_about(const json_t *record, const char *object)
{
	const json_t *changes = json_object_get(record, "changes");
	for (size_t i = 0; object && i < json_array_size(changes); i++) {
		const json_t *name = json_object_get(json_array_get(changes, i), "name");
		if (!strcmp(json_string_value(name), object))
			return true;
	}
	return !object;
}

json_t *timeline_to_json(const struct timeline *timeline, const char *object, size_t limit)
{
	json_t *list = json_array();
	for (size_t i = json_array_size(timeline->records); i-- > 0;) {
		json_t *record = json_array_get(timeline->records, i);
		if (json_array_size(list) < limit && is_about(record, object))
			json_array_append(list, record);
	}
	return list;
}

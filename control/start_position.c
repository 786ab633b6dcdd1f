/* Where reading of a topic starts: "now" and "earliest" are the ends of each partition, a time is
 * looked up by the broker. The result is written into the endpoint, so that nobody guesses later. */
#include "control/umbractl.h"
#include <assert.h>
#include <string.h>

static bool find_ends(
	struct ctl *ctl, const char *topic, int32_t partition, int64_t *low, int64_t *high)
{
	rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
		ctl->rk, topic, partition, low, high, ctl_timeout_ms(ctl));

	if (err)
		ctl_fail("the ends of %s/%d cannot be learnt: %s", topic, (int)partition,
			rd_kafka_err2str(err));
	return !err;
}

static json_t *resolve_ends(struct ctl *ctl, const char *topic, int count, bool earliest)
{
	json_t *start = json_array();

	assert(start);
	for (int i = 0; i < count; i++) {
		int64_t low, high;

		if (!find_ends(ctl, topic, i, &low, &high)) {
			json_decref(start);
			return NULL;
		}
		json_array_append_new(start, json_integer(earliest ? low : high));
	}
	return start;
}

/* Offsets of the first records at or after the time; the end where there is none. */
static json_t *resolve_time(struct ctl *ctl, const char *topic, int count, int64_t time_us)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
	json_t *start = resolve_ends(ctl, topic, count, false);
	rd_kafka_resp_err_t err;

	for (int i = 0; i < count; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset = time_us / 1000;
	err = start ? rd_kafka_offsets_for_times(ctl->rk, list, ctl_timeout_ms(ctl))
		    : RD_KAFKA_RESP_ERR_NO_ERROR;
	for (int i = 0; start && !err && i < count; i++) {
		err = list->elems[i].err;
		if (list->elems[i].offset >= 0)
			json_array_set_new(start, (size_t)list->elems[i].partition,
				json_integer(list->elems[i].offset));
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (!err)
		return start;
	ctl_fail("the offsets of %s at that time cannot be learnt: %s", topic,
		rd_kafka_err2str(err));
	json_decref(start);
	return NULL;
}

json_t *resolve_start(struct ctl *ctl, const char *topic, const json_t *from)
{
	char errstr[512];
	int count =
		kafka_partition_count(ctl->rk, topic, ctl_timeout_ms(ctl), errstr, sizeof(errstr));

	if (count < 0) {
		ctl_fail("%s", errstr);
		return NULL;
	}
	if (json_is_integer(from))
		return resolve_time(ctl, topic, count, json_integer_value(from));
	return resolve_ends(
		ctl, topic, count, from && strcmp(json_string_value(from), "earliest") == 0);
}

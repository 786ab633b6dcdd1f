#include "consumers/aggregator/feed.h"
#include "common/avro_field.h"
#include "common/framing.h"
#include "common/log.h"
#include "common/schema.h"
#include "consumers/aggregator/counters.h"
#include <string.h>

/* Times that no broker gives would overflow in microseconds. */
static int64_t append_us(const rd_kafka_message_t *rkm)
{
	rd_kafka_timestamp_type_t type;
	int64_t ms = rd_kafka_message_timestamp(rkm, &type);
	if (ms < 0)
		return 0;
	return ms > INT64_MAX / 1000000 ? INT64_MAX / 1000 : ms * 1000;
}

static void note_unreadable(const rd_kafka_message_t *rkm, const char *why)
{
	counters_record(FEED_UNREADABLE);
	log_warn("events", "partition %d, offset %lld cannot be read: %s", rkm->partition,
		(long long)rkm->offset, why);
}

static int64_t take_event(struct ledger *ledger, const struct history *history,
	const rd_kafka_message_t *rkm, bool is_patient, struct ledger_record *record)
{
	char why[300];
	struct event event;
	struct event_storage *storage = NULL;
	if (event_decode(rkm->payload, rkm->len, &event, &storage, why, sizeof why)) {
		note_unreadable(rkm, why);
		ledger_take(ledger, record);
		return 0;
	}
	int64_t wanted = event.generation > history->generation ? event.generation : 0;
	if (wanted && is_patient) {
		event_storage_free(storage);
		return wanted;
	}
	record->kind = LEDGER_EVENT;
	record->event = &event;
	counters_record(FEED_EVENT);
	ledger_take(ledger, record);
	event_storage_free(storage);
	return 0;
}

static void take_gap(
	struct ledger *ledger, const rd_kafka_message_t *rkm, struct ledger_record *record)
{
	char why[300];
	avro_value_t value;
	const struct schema *schema = schema_get("event_gap");
	if (avro_generic_value_new(schema->iface, &value))
		return;
	struct ledger_gap gap;
	if (schema_decode(schema, rkm->payload, rkm->len, &value, why, sizeof why)) {
		note_unreadable(rkm, why);
	} else {
		gap = (struct ledger_gap){
			.endpoint = avro_field_string(&value, "endpoint", NULL),
			.test = avro_field_string(&value, "test", NULL),
			.events = avro_field_number(&value, "events"),
		};
		record->kind = LEDGER_GAP;
		record->gap = &gap;
		counters_record(FEED_GAP);
	}
	ledger_take(ledger, record);
	avro_value_decref(&value);
}

static const char *schema_name(const rd_kafka_message_t *rkm)
{
	uint64_t id;
	if (!rkm->payload || framing_read(rkm->payload, rkm->len, &id) != FRAMING_SINGLE_OBJECT)
		return "";
	const struct schema *schema = schema_find(id);
	return schema ? schema->name : "";
}

int64_t feed_take(struct ledger *ledger, const struct history *history,
	const rd_kafka_message_t *rkm, bool is_patient)
{
	struct ledger_record record = {
		.offset = rkm->offset, .append_us = append_us(rkm), .kind = LEDGER_OTHER};
	const char *name = schema_name(rkm);
	if (!strcmp(name, "invocation_event"))
		return take_event(ledger, history, rkm, is_patient, &record);
	if (!strcmp(name, "event_gap")) {
		take_gap(ledger, rkm, &record);
		return 0;
	}
	if (strcmp(name, "event_tick"))
		note_unreadable(rkm, "it is no event, gap or tick");
	else
		counters_record(FEED_TICK);
	ledger_take(ledger, &record);
	return 0;
}

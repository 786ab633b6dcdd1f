#include "consumers/aggregator/feed.h"
#include "common/avro_field.h"
#include "common/framing.h"
#include "common/log.h"
#include "common/schema.h"
#include "consumers/aggregator/counters.h"
#include <string.h>

static void note_unreadable(const struct feed_record *fed, const char *why)
{
	counters_record(FEED_UNREADABLE);
	log_warn("events", "partition %d, offset %lld cannot be read: %s", fed->partition,
		(long long)fed->offset, why);
}

static int64_t take_event(struct ledger *ledger, const struct history *history,
	const struct feed_record *fed, bool is_patient, const struct ledger_record *bare)
{
	char why[300];
	struct ledger_record record = *bare;
	struct event event;
	struct event_storage *storage = NULL;
	if (event_decode(fed->data, fed->size, &event, &storage, why, sizeof why)) {
		note_unreadable(fed, why);
		ledger_take(ledger, &record);
		return 0;
	}
	int64_t wanted = event.generation > history->generation ? event.generation : 0;
	if (wanted && is_patient) {
		event_storage_free(storage);
		return wanted;
	}
	record.kind = LEDGER_EVENT;
	record.event = &event;
	counters_record(FEED_EVENT);
	ledger_take(ledger, &record);
	event_storage_free(storage);
	return 0;
}

static void take_gap(
	struct ledger *ledger, const struct feed_record *fed, const struct ledger_record *bare)
{
	char why[300];
	struct ledger_record record = *bare;
	avro_value_t value;
	const struct schema *schema = schema_get("event_gap");
	if (avro_generic_value_new(schema->iface, &value))
		return;
	struct ledger_gap gap;
	if (schema_decode(schema, fed->data, fed->size, &value, why, sizeof why)) {
		note_unreadable(fed, why);
	} else {
		gap = (struct ledger_gap){
			.endpoint = avro_field_string(&value, "endpoint", NULL),
			.test = avro_field_string(&value, "test", NULL),
			.events = avro_field_number(&value, "events"),
		};
		record.kind = LEDGER_GAP;
		record.gap = &gap;
		counters_record(FEED_GAP);
	}
	ledger_take(ledger, &record);
	avro_value_decref(&value);
}

static void take_label(
	struct ledger *ledger, const struct feed_record *fed, const struct ledger_record *bare)
{
	char why[300];
	struct ledger_record record = *bare;
	struct ledger_label label;
	avro_value_t value;
	const struct schema *schema = schema_get("label_event");
	if (avro_generic_value_new(schema->iface, &value))
		return;
	if (schema_decode(schema, fed->data, fed->size, &value, why, sizeof why)) {
		note_unreadable(fed, why);
	} else {
		label = (struct ledger_label){
			.request_id = avro_field_string(&value, "request_id", NULL),
			.endpoint = avro_field_string(&value, "endpoint", NULL),
			.label = avro_field_string(&value, "label", NULL),
		};
		record.kind = LEDGER_LABEL;
		record.label = &label;
		counters_record(FEED_LABEL);
	}
	ledger_take(ledger, &record);
	avro_value_decref(&value);
}

static const char *schema_name(const struct feed_record *fed)
{
	uint64_t id;
	if (!fed->data || framing_read(fed->data, fed->size, &id) != FRAMING_SINGLE_OBJECT)
		return "";
	const struct schema *schema = schema_find(id);
	return schema ? schema->name : "";
}

int64_t feed_take(struct ledger *ledger, const struct history *history,
	const struct feed_record *fed, bool is_patient)
{
	struct ledger_record record = {
		.offset = fed->offset, .append_us = fed->append_us, .kind = LEDGER_OTHER};
	const char *name = schema_name(fed);
	if (!strcmp(name, "invocation_event"))
		return take_event(ledger, history, fed, is_patient, &record);
	if (!strcmp(name, "event_gap")) {
		take_gap(ledger, fed, &record);
		return 0;
	}
	if (!strcmp(name, "label_event")) {
		take_label(ledger, fed, &record);
		return 0;
	}
	if (strcmp(name, "event_tick"))
		note_unreadable(fed, "it is no event, label, gap or tick");
	else
		counters_record(FEED_TICK);
	ledger_take(ledger, &record);
	return 0;
}

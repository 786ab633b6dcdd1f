#include "producer/truth.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/schema.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* One on its way. */
struct telling {
	struct delivery delivery; /* first: the publisher knows it by it */
	struct run *run;
	int64_t number;
};

static void on_delivery(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	struct telling *telling = (struct telling *)delivery;
	struct run *run = telling->run;
	run->labels_open--;
	if (!err) {
		run->tally.labels++;
	} else {
		run->tally.labels_lost++;
		log_error(NULL, "the label of %s-%" PRId64 " cannot be published: %s%s",
			run->ledger.run, telling->number, rd_kafka_err2str(err), kafka_remedy(err));
	}
	free(telling);
}

static void encode(struct run *run, const char *id)
{
	const struct buffer *label = &run->source.reader.label_text;
	struct avro_buffer *encoded = &run->truth;
	avro_buffer_begin(encoded, schema_get("label_event")->fingerprint);
	avro_buffer_string(encoded, id);
	avro_buffer_optional_string(encoded, run->options->endpoint);
	avro_buffer_bytes(encoded, label->data, label->size); /* a string is written alike */
	avro_buffer_long(encoded, clock_wall_us());
	memory_need(!encoded->failed);
}

static rd_kafka_resp_err_t publish(struct run *run, const char *id, size_t id_size, int64_t number)
{
	struct telling *telling = calloc(1, sizeof *telling);
	memory_need(telling);
	*telling = (struct telling){.delivery.done = on_delivery, .run = run, .number = number};
	uint64_t hash = XXH3_64bits(id, id_size);
	struct outgoing record = {
		.topic = run->target.events,
		.partition = (int32_t)(hash % (uint64_t)run->target.event_partitions),
		.key = id,
		.key_size = id_size,
		.value = run->truth.data,
		.value_size = run->truth.size,
	};
	run->labels_open++;
	rd_kafka_resp_err_t err = publisher_send(run->publisher, &record, &telling->delivery);
	if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		run->labels_open--;
		free(telling);
	} else if (err) {
		on_delivery(&telling->delivery, err);
	}
	return err;
}

bool truth_send(struct run *run, int64_t number)
{
	char id[REQUEST_ID_SIZE];
	const struct record_reader *reader = &run->source.reader;
	if (run->has_told || !run->target.event_partitions || run->capture || !reader->has_label)
		return true;
	size_t id_size = (size_t)ledger_write_id(&run->ledger, number, id);
	encode(run, id);
	if (publish(run, id, id_size, number) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		return false;
	run->has_told = true;
	return true;
}

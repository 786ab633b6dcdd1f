#include "common/partition_clock.h"
#include "common/avro_field.h"
#include "common/framing.h"
#include "common/memory.h"
#include "common/schema.h"
#include <stdio.h>

static const struct schema *schema(void)
{
	return schema_get("partition_clock");
}

bool partition_clock_is(const void *data, size_t size)
{
	uint64_t id;
	return data && framing_read(data, size, &id) == FRAMING_SINGLE_OBJECT &&
		id == schema()->fingerprint;
}

int partition_clock_decode(struct partition_clock *clock, const void *data, size_t size,
	char *errstr, size_t errstr_size)
{
	avro_value_t record;
	memory_need(avro_generic_value_new(schema()->iface, &record) == 0);
	int rc = schema_decode(schema(), data, size, &record, errstr, errstr_size);
	if (!rc)
		*clock = (struct partition_clock){
			.partition = (int32_t)avro_field_number(&record, "partition"),
			.clock_us = avro_field_number(&record, "clock"),
			.final_us = avro_field_number(&record, "final_until"),
		};
	avro_value_decref(&record);
	return rc;
}

void partition_clock_write(const struct partition_clock *clock, struct avro_buffer *value)
{
	avro_buffer_begin(value, schema()->fingerprint);
	avro_buffer_long(value, clock->partition);
	avro_buffer_long(value, clock->clock_us);
	avro_buffer_long(value, clock->final_us);
	memory_need(!value->failed);
}

size_t partition_clock_key(int32_t partition, char key[PARTITION_CLOCK_KEY_MAX])
{
	return (size_t)snprintf(key, PARTITION_CLOCK_KEY_MAX, "clock/%d", partition);
}

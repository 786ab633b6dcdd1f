/* A datum of one of our schemas, which the first byte chooses, and any bytes: what the validator lets
 * through, Avro C reads, to the last byte. */
#include "common/framing.h"
#include "common/schema.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void read_framed(const struct schema *schema, const uint8_t *data, size_t size)
{
	char errstr[512] = "";
	uint8_t *framed = malloc(size + FRAMING_SINGLE_OBJECT_SIZE);
	avro_value_t value;
	json_t *json;

	assert(framed);
	framing_write(framed, schema->fingerprint);
	if (size > 0)
		memcpy(framed + FRAMING_SINGLE_OBJECT_SIZE, data, size);
	size += FRAMING_SINGLE_OBJECT_SIZE;
	assert(avro_generic_value_new(schema->iface, &value) == 0);
	assert(schema_decode(schema, framed, size, &value, errstr, sizeof(errstr)) == 0);
	avro_value_decref(&value);
	json = schema_to_json(framed, size, errstr, sizeof(errstr));
	assert(json);
	json_decref(json);
	free(framed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char errstr[512] = "";
	size_t n;
	const struct schema *const *schemas = schema_all(&n);
	const struct schema *schema;

	if (size == 0)
		return 0;
	schema = schemas[data[0] % n];
	if (schema_validate(schema->avro, data + 1, size - 1, errstr, sizeof(errstr)) == 0)
		read_framed(schema, data + 1, size - 1);
	else
		assert(errstr[0] != '\0');
	return 0;
}

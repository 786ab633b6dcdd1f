/* Any bytes as a record of ours: recognised or not, and as JSON or a reason. */
#include "common/framing.h"
#include "common/schema.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char errstr[512] = "";
	uint8_t frame[FRAMING_SINGLE_OBJECT_SIZE];
	uint64_t id = 0;
	enum framing framing = framing_read(data, size, &id);
	json_t *json = schema_to_json(data, size, errstr, sizeof(errstr));

	assert(json || errstr[0] != '\0');
	assert(!json || framing == FRAMING_SINGLE_OBJECT);
	if (framing == FRAMING_SINGLE_OBJECT) {
		framing_write(frame, id);
		assert(memcmp(frame, data, sizeof(frame)) == 0);
	}
	json_decref(json);
	return 0;
}

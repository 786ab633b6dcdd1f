/* Reads records as our programs do, for a test that knows what they say: on standard input each has
 * its size before it, four bytes, little-endian; each becomes a line, its JSON or `! why`. */
#include "common/schema.h"
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

static void print_record(const void *data, size_t size)
{
	char errstr[512] = "";
	json_t *json = schema_to_json(data, size, errstr, sizeof(errstr));

	if (json)
		json_dumpf(json, stdout, JSON_COMPACT);
	else
		printf("! %s", errstr);
	putchar('\n');
	json_decref(json);
}

int main(void)
{
	uint32_t size;

	while (fread(&size, sizeof(size), 1, stdin) == 1) {
		/* of its very size, so that the sanitizers see a byte too many */
		void *data = malloc(le32toh(size));

		assert(data || size == 0);
		if (fread(data, 1, le32toh(size), stdin) != le32toh(size))
			return 1;
		print_record(data, le32toh(size));
		free(data);
	}
	schema_free_all();
	return 0;
}

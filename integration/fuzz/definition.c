/* A definition file of any content: each problem has a line and a message, and what has none can be
 * read again from what the log would hold. */
#include "common/definition_file.h"
#include "common/definition_text.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void never(void *opaque, const struct definition_problem *problem)
{
	(void)opaque;
	assert(!problem); /* a good definition stays good */
}

static void read_again(const struct definition_object *object)
{
	struct definition_text *text = definition_text_new(object->kind, object->json);

	definition_text_free(text);
	if (object->kind == OBJECT_ENDPOINT)
		endpoint_release(definition_read_endpoint(json_incref(object->json), never, NULL));
	else
		test_release(definition_read_test(json_incref(object->json), never, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct definition_file file;
	char errstr[1024] = "";

	if (definition_file_read(&file, fuzz_text_file(data, size), INT64_C(1000000), errstr,
		    sizeof(errstr)) != 0) {
		assert(errstr[0] != '\0');
		return 0;
	}
	for (size_t i = 0; i < file.n_problems; i++)
		assert(strrchr(file.problems[i].place, ':') && file.problems[i].message[0] != '\0');
	for (size_t i = 0; file.n_problems == 0 && i < file.n_objects; i++)
		read_again(&file.objects[i]);
	definition_file_fini(&file);
	return 0;
}

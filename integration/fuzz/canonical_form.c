/* The Parsing Canonical Form of any text: of a canonical form it is that form. */
#include "common/framing.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char errstr[256], *text = fuzz_text(data, size);
	char *form = framing_canonical_form(text, errstr, sizeof(errstr));

	if (form) {
		char *again = framing_canonical_form(form, errstr, sizeof(errstr));

		assert(again && strcmp(form, again) == 0);
		free(again);
	}
	free(form);
	free(text);
	return 0;
}

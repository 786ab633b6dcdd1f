/* What the fuzz targets share. Each target asserts what must hold for any input; the sanitizers see
 * the rest. */
#ifndef UMBRA_INTEGRATION_FUZZ_FUZZ_H
#define UMBRA_INTEGRATION_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer calls it with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory with that content, for what reads files. The path is valid until the next call. */
const char *fuzz_text_file(const void *data, size_t size);

/* The input as text that ends with a zero byte; the caller frees it. */
char *fuzz_text(const void *data, size_t size);

#endif

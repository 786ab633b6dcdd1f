/* Where in the input a request comes from. */
#ifndef UMBRA_PRODUCER_ORIGIN_H
#define UMBRA_PRODUCER_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

struct origin {
	int32_t partition; /* -1: the input is no topic */
	int64_t line; /* from 1; of a topic: the offset */
};

/* "churn.csv:8", "churn.requests/3:812"; `source` is the file or the topic. Returns `text`. */
char *origin_write(const struct origin *origin, const char *source, char *text, size_t size);

#endif

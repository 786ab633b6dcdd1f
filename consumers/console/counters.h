/* What the console counts about itself. */
#ifndef UMBRA_CONSUMERS_CONSOLE_COUNTERS_H
#define UMBRA_CONSUMERS_CONSOLE_COUNTERS_H

#include <stdint.h>

enum record_kind { RECORD_WINDOW, RECORD_TOMBSTONE, RECORD_MALFORMED, RECORD_KINDS };

void counters_record(enum record_kind kind);
void counters_failed_commit(void);
/* An answer over HTTP. */
void counters_answer(unsigned status, int64_t took_us);
/* A request that brought no token, or a wrong one. */
void counters_refused(const char *why);
void counters_streams(int n);
void counters_lag(int32_t partition, int64_t records);
void counters_store(int64_t bytes);

#endif

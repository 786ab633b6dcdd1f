/* The hosts of the models: each variant that names a Prometheus page has it read every 10 s, as long
 * as it is asked: production always, a candidate while its test runs. What a page says goes to the
 * host store. A page that does not come, or says nothing, is counted, and a log line says why. */
#ifndef UMBRA_CONSUMERS_CONSOLE_HOSTS_H
#define UMBRA_CONSUMERS_CONSOLE_HOSTS_H

#include "common/control.h"
#include "consumers/console/host_store.h"

struct hosts;

/* Readings go to `store`; pages are asked for by `caller`: both must live longer. */
struct hosts *hosts_new(struct host_store *store, struct model_caller *caller);
void hosts_free(struct hosts *hosts);

/* Asks for the pages that are due. Monotonic and UTC; returns microseconds until there is more. */
int64_t hosts_tick(
	struct hosts *hosts, const struct control_state *state, int64_t now_us, int64_t wall_us);

/* How many are read at present. */
size_t hosts_count(const struct hosts *hosts);

#endif

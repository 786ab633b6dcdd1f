/* One run: records of the source become requests, each ends as answered (without --wait:
 * acknowledged) or as missing, and the tally knows which.
 *
 *     source ─▶ ledger: in flight ─▶ acknowledged by Kafka ─▶ answered
 *                                └─▶ refused, or no answer within the timeout
 */
#ifndef UMBRA_PRODUCER_RUN_H
#define UMBRA_PRODUCER_RUN_H

#include "common/avro_buffer.h"
#include "common/loop.h"
#include "common/publisher.h"
#include "producer/answers.h"
#include "producer/capture.h"
#include "producer/ledger.h"
#include "producer/options.h"
#include "producer/pacing.h"
#include "producer/source.h"
#include "producer/tally.h"
#include "producer/target.h"

enum run_state {
	RUN_SENDING, /* the source has, or may have, more */
	RUN_DRAINING, /* nothing more is sent; what is in flight may still end */
	RUN_OVER
};

struct run {
	/* Set by the caller before run_open. */
	struct options *options;
	struct loop *loop;
	const char *path; /* "-": standard input */
	struct record_config input;
	struct capture_plan plan; /* with a topic: it is read instead of `path` */

	enum run_state state;
	struct target target;
	struct source source;
	struct capture *capture; /* NULL: the source is read */
	struct pacing pacing;
	struct ledger ledger;
	struct tally tally;
	struct publisher *publisher;
	struct answers *answers; /* NULL: answers are not awaited */
	struct avro_buffer encoded, truth;
	int timer_fd; /* fires when the next request is due */
	bool has_record; /* the source or the capture holds one that is still to be sent */
	bool has_told; /* its label is on its way */
	int64_t labels_open; /* labels that Kafka has not acknowledged */
	int64_t label_us; /* monotonic: when the last one was sent */
	bool has_failed; /* a bad record or an unreadable file ended it */
	bool is_interrupted; /* TERM or INT ended it */
	int64_t give_up_us; /* monotonic; draining ends then; INT64_MAX: by the timeouts alone */
};

/* Opens all that the run needs. 0, or -1 and errstr. In both cases run_close is called. */
int run_open(struct run *run, char *errstr, size_t errstr_size) __attribute__((warn_unused_result));
void run_close(struct run *run);

/* Moves everything on. Returns microseconds until it must be called again, -1: no bound. */
int64_t run_tick(struct run *run, int64_t now_us);

/* Sends nothing more, and waits only briefly for what is in flight. */
void run_interrupt(struct run *run, int64_t now_us);

/* What the records come from, for messages. */
const char *run_source(const struct run *run);

/* Did each request end as it should? */
bool run_is_good(const struct run *run);

#endif

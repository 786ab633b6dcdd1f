/* What is sent for the run's present record: one of a file, with the headers that a request needs, or
 * one of a topic, as it stands there. */
#ifndef UMBRA_PRODUCER_REQUEST_H
#define UMBRA_PRODUCER_REQUEST_H

#include "producer/run.h"

/* Fills `record` and the request's delivery and origin. The headers are the caller's until they are
 * sent; the rest lives until the next record. */
void request_make(struct run *run, struct in_flight *request, struct outgoing *record);

#endif

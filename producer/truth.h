/* The truth about requests, published to umbra.events beside them. */
#ifndef UMBRA_PRODUCER_TRUTH_H
#define UMBRA_PRODUCER_TRUTH_H

#include "producer/run.h"

/* Publishes the label of the run's present record under that number, once however often it is called;
 * nothing where there is none. False: there is no room, try again. */
bool truth_send(struct run *run, int64_t number);

#endif

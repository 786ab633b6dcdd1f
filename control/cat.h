/* umbractl cat: what the reading and the writing share. */
#ifndef UMBRA_CONTROL_CAT_H
#define UMBRA_CONTROL_CAT_H

#include <librdkafka/rdkafka.h>

/* Writes the record as one line of JSON. */
void cat_print_record(const rd_kafka_message_t *rkm);

#endif

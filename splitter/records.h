/* The parts as Kafka records. Each function hands one to its publisher: 0, or why it was not taken
 * (RD_KAFKA_RESP_ERR__QUEUE_FULL: not now). */
#ifndef UMBRA_SPLITTER_RECORDS_H
#define UMBRA_SPLITTER_RECORDS_H

#include "splitter/part.h"

rd_kafka_resp_err_t records_send_answer(struct part *part);
rd_kafka_resp_err_t records_send_dead_letter(struct part *part);
rd_kafka_resp_err_t records_send_copy(struct part *part);
rd_kafka_resp_err_t records_send_event(struct part *part);
rd_kafka_resp_err_t records_send_loss(struct part *part);

#endif

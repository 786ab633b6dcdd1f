/* Which copies a request gets: decided when it is read, by what is in force then. */
#ifndef UMBRA_SPLITTER_COPY_H
#define UMBRA_SPLITTER_COPY_H

struct exchange;

/* Fills decisions and copies: for every running test its hash; for every taken one a copy for each
 * of its variants. */
void copies_decide(struct exchange *exchange);

/* Sends them; one that Kafka does not take at once is lost and counted. */
void copies_send(struct exchange *exchange);

#endif

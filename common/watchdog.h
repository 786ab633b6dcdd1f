/* Ends a process whose end hangs: closing a Kafka client may wait forever for a broker that went
 * away at the wrong moment. */
#ifndef UMBRA_COMMON_WATCHDOG_H
#define UMBRA_COMMON_WATCHDOG_H

/* In `seconds`, 1 or more, the process writes a line to standard error and ends with status 1,
 * whatever it is doing. Whatever was acknowledged stays so. Armed again, it begins anew. */
void watchdog_arm(unsigned seconds);
/* It ended in time. */
void watchdog_disarm(void);

#endif

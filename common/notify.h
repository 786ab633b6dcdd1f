/* Tells systemd (Type=notify) how the program fares: datagrams to the socket that $NOTIFY_SOCKET
 * names, as sd_notify(3) has them. Until it is ready, and while it stops, each beat asks for more
 * time: a start waits for Kafka as long as the loop turns, and not a moment longer. With
 * $WATCHDOG_USEC each beat says that the loop turns. Without systemd all of this does nothing. */
#ifndef UMBRA_COMMON_NOTIFY_H
#define UMBRA_COMMON_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

struct notify;

/* NULL and errstr: systemd is there but cannot be told; errstr "": there is none. */
struct notify *notify_open(char *errstr, size_t errstr_size);
/* Each of these takes NULL too, and then does nothing. */
void notify_close(struct notify *notify);

/* `why_not` NULL: ready. The first time systemd is told that the start is over; a word that finds no
 * room is said by the next call. The line is shown by `systemctl status`. */
void notify_tell(struct notify *notify, const char *why_not);
/* It ends, and may take the time that it needs. */
void notify_stopping(struct notify *notify);

/* Sends a beat when one is due. Returns the microseconds until the next, -1: none. */
int64_t notify_tick(struct notify *notify, int64_t now_us);

#endif

/* One loop, one wait. The file descriptors of Kafka's handles (eventfds), the admin port and the
 * signals lie in one epoll set, and the model calls' multi handle waits for that set. */
#ifndef UMBRA_COMMON_LOOP_H
#define UMBRA_COMMON_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* Blocks SIGTERM, SIGINT, SIGHUP for the process and takes them as events; ignores SIGPIPE. */
struct loop *loop_new(char *errstr, size_t errstr_size);
void loop_free(struct loop *loop);

/* While `fd` is readable, `on_ready` is called, once per wait. */
void loop_watch(struct loop *loop, int fd, void (*on_ready)(void *opaque), void *opaque);
void loop_unwatch(struct loop *loop, int fd);

/* A non-blocking eventfd, watched; each wake-up drains it, then calls on_ready (may be NULL). */
int loop_eventfd(struct loop *loop, void (*on_ready)(void *opaque), void *opaque);
void loop_close_eventfd(struct loop *loop, int fd);

/* Waits at most `timeout_us` (rounded up to ms; -1: no bound) for events and dispatches them.
 * With `multi` the wait is curl's; the caller performs afterwards. */
void loop_wait(struct loop *loop, CURLM *multi, int64_t timeout_us);

/* TERM or INT came. A second one ends the process at once, with status 1. */
bool loop_is_stopping(const struct loop *loop);
/* True once for each SIGHUP. */
bool loop_take_reload(struct loop *loop);

/* The earlier of two waits in microseconds, of which -1 means "no bound". */
int64_t loop_earlier(int64_t a, int64_t b);

#endif

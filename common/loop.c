/* An epoll set and a list of watches. A watch that is removed while events are dispatched is only
 * marked, and freed afterwards, so that an event that is already at hand never meets a stranger on
 * the same descriptor.
 * After the first TERM or INT both signals are given back to a handler that ends the process: the
 * second one works even when the loop hangs. */
#include "common/loop.h"
#include "common/log.h"
#include "common/memory.h"
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct watch {
	int fd;
	bool is_eventfd; /* drained before on_ready */
	bool is_removed;
	void (*on_ready)(void *opaque);
	void *opaque;
	struct watch *next;
};

struct loop {
	int epoll_fd;
	int signal_fd;
	sigset_t old_mask;
	struct watch *watches;
	bool is_stopping;
	bool must_reload;
};

static void end_now(int number)
{
	(void)number;
	_exit(1);
}

static void stop(struct loop *loop)
{
	sigset_t mask;
	struct sigaction action = {.sa_handler = end_now};
	loop->is_stopping = true;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
}

static void on_signal(void *opaque)
{
	struct loop *loop = opaque;
	struct signalfd_siginfo info;
	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			loop->must_reload = true;
		else
			stop(loop);
	}
}

static void block_signals(struct loop *loop, sigset_t *mask)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigemptyset(mask);
	sigaddset(mask, SIGTERM);
	sigaddset(mask, SIGINT);
	sigaddset(mask, SIGHUP);
	pthread_sigmask(SIG_BLOCK, mask, &loop->old_mask);
	sigaction(SIGPIPE, &ignore, NULL);
}

struct loop *loop_new(char *errstr, size_t errstr_size)
{
	sigset_t mask;
	struct loop *loop = calloc(1, sizeof(*loop));
	if (!loop) {
		snprintf(errstr, errstr_size, "out of memory");
		return NULL;
	}
	block_signals(loop, &mask);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop->epoll_fd < 0 || loop->signal_fd < 0) {
		snprintf(errstr, errstr_size, "cannot make the event loop: %s", strerror(errno));
		loop_free(loop);
		return NULL;
	}
	loop_watch(loop, loop->signal_fd, on_signal, loop);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->watches) {
		struct watch *watch = loop->watches;
		loop->watches = watch->next;
		free(watch);
	}
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	pthread_sigmask(SIG_SETMASK, &loop->old_mask, NULL);
	free(loop);
}

static struct watch *add_watch(
	struct loop *loop, int fd, void (*on_ready)(void *opaque), void *opaque)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	memory_need(watch);
	watch->fd = fd;
	watch->on_ready = on_ready;
	watch->opaque = opaque;
	watch->next = loop->watches;
	loop->watches = watch;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
	int failed = epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	assert(!failed);
	return watch;
}

void loop_watch(struct loop *loop, int fd, void (*on_ready)(void *opaque), void *opaque)
{
	assert(on_ready);
	add_watch(loop, fd, on_ready, opaque);
}

void loop_unwatch(struct loop *loop, int fd)
{
	struct watch *watch = loop->watches;
	while (watch && (watch->fd != fd || watch->is_removed))
		watch = watch->next;
	assert(watch);
	watch->is_removed = true;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

int loop_eventfd(struct loop *loop, void (*on_ready)(void *opaque), void *opaque)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert(fd >= 0);
	add_watch(loop, fd, on_ready, opaque)->is_eventfd = true;
	return fd;
}

void loop_close_eventfd(struct loop *loop, int fd)
{
	loop_unwatch(loop, fd);
	close(fd);
}

static void call(struct watch *watch)
{
	if (watch->is_removed)
		return;
	if (watch->is_eventfd) {
		uint64_t count;
		(void)!read(watch->fd, &count, sizeof(count));
	}
	if (watch->on_ready)
		watch->on_ready(watch->opaque);
}

static void free_removed(struct loop *loop)
{
	struct watch **link = &loop->watches;
	while (*link) {
		struct watch *watch = *link;
		if (!watch->is_removed) {
			link = &watch->next;
			continue;
		}
		*link = watch->next;
		free(watch);
	}
}

enum { MAX_EVENTS = 64 };

static void dispatch(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[MAX_EVENTS];
	int n = epoll_wait(loop->epoll_fd, events, MAX_EVENTS, timeout_ms);
	for (int i = 0; i < n; i++)
		call(events[i].data.ptr);
	free_removed(loop);
}

/* curl's wait knows no "for ever": an hour instead, which the caller sees as an early return. */
static void wait_with_curl(struct loop *loop, CURLM *multi, int timeout_ms)
{
	struct curl_waitfd extra = {.fd = loop->epoll_fd, .events = CURL_WAIT_POLLIN};
	CURLMcode code =
		curl_multi_poll(multi, &extra, 1, timeout_ms < 0 ? 3600000 : timeout_ms, NULL);
	if (code != CURLM_OK)
		log_error(NULL, "waiting for model calls failed: %s", curl_multi_strerror(code));
	dispatch(loop, 0);
}

void loop_wait(struct loop *loop, CURLM *multi, int64_t timeout_us)
{
	int timeout_ms = -1;
	if (timeout_us >= 0)
		timeout_ms = timeout_us > 3600000000 ? 3600000 : (int)((timeout_us + 999) / 1000);
	if (multi)
		wait_with_curl(loop, multi, timeout_ms);
	else
		dispatch(loop, timeout_ms);
}

bool loop_is_stopping(const struct loop *loop)
{
	return loop->is_stopping;
}

bool loop_take_reload(struct loop *loop)
{
	bool reload = loop->must_reload;
	loop->must_reload = false;
	return reload;
}

int64_t loop_earlier(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

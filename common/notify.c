#include "common/notify.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BEAT_US = 10000000, /* without a watchdog; only while time is asked for */
	EXTENSION_US = 30000000, /* of the start and of the stop, by each beat */
	STATUS_MAX = 200,
	MESSAGE_MAX = STATUS_MAX + 80
};

struct notify {
	int fd;
	struct sockaddr_un address;
	socklen_t address_size;
	bool has_watchdog;
	int64_t beat_us; /* between two beats */
	int64_t next_us; /* monotonic */
	bool is_ready; /* systemd has taken READY=1 */
	bool is_stopping;
	char status[STATUS_MAX]; /* the last that was told; "": none */
};

/* A path, or, with an @ in front, a name without a file. */
static int take_address(struct notify *notify, const char *name, char *errstr, size_t errstr_size)
{
	size_t size = strlen(name);
	if ((name[0] != '/' && name[0] != '@') || size < 2 ||
		size >= sizeof notify->address.sun_path) {
		snprintf(errstr, errstr_size, "NOTIFY_SOCKET is neither a path nor a name of one");
		return -1;
	}
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, name, size + 1);
	if (name[0] == '@')
		notify->address.sun_path[0] = '\0';
	notify->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	return 0;
}

/* A third of the time after which systemd would lose patience. $WATCHDOG_PID may name another. */
static void take_watchdog(struct notify *notify)
{
	const char *limit = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	int64_t us, number;
	notify->beat_us = BEAT_US;
	if (!limit || text_parse_int(limit, &us) < 0 || us <= 0)
		return;
	if (pid && (text_parse_int(pid, &number) < 0 || number != getpid()))
		return;
	notify->has_watchdog = true;
	if (us / 3 < BEAT_US)
		notify->beat_us = us / 3;
}

struct notify *notify_open(char *errstr, size_t errstr_size)
{
	const char *name = getenv("NOTIFY_SOCKET");
	errstr[0] = '\0';
	if (!name || !*name)
		return NULL;
	struct notify *notify = calloc(1, sizeof *notify);
	memory_need(notify);
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify->fd < 0)
		snprintf(errstr, errstr_size, "no socket to tell systemd: %s", strerror(errno));
	if (notify->fd < 0 || take_address(notify, name, errstr, errstr_size) < 0) {
		notify_close(notify);
		return NULL;
	}
	take_watchdog(notify);
	return notify;
}

void notify_close(struct notify *notify)
{
	if (notify && notify->fd >= 0)
		close(notify->fd);
	free(notify);
}

static int send_message(const struct notify *notify, const char *message)
{
	ssize_t n = sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL,
		(const struct sockaddr *)&notify->address, notify->address_size);
	if (n < 0)
		log_warn(NULL, "systemd cannot be told how it stands: %s", strerror(errno));
	return n < 0 ? -1 : 0;
}

/* A line end in the text would begin another assignment. */
static void write_status(char *status, const char *text)
{
	snprintf(status, STATUS_MAX, "%s", text);
	for (; *status; status++)
		if ((unsigned char)*status < ' ')
			*status = ' ';
}

void notify_tell(struct notify *notify, const char *why_not)
{
	char status[STATUS_MAX], message[MESSAGE_MAX];
	if (!notify)
		return;
	bool begins = !why_not && !notify->is_ready && !notify->is_stopping;
	write_status(status, why_not ? why_not : "ready");
	if (!begins && strcmp(status, notify->status) == 0)
		return;
	snprintf(message, sizeof message, "%sSTATUS=%s\n", begins ? "READY=1\n" : "", status);
	if (send_message(notify, message) < 0)
		return;
	notify->is_ready |= begins;
	memcpy(notify->status, status, sizeof status);
}

void notify_stopping(struct notify *notify)
{
	if (!notify)
		return;
	notify->is_stopping = true;
	notify->next_us = 0; /* the next beat asks for time at once */
	send_message(notify, "STOPPING=1\n");
}

int64_t notify_tick(struct notify *notify, int64_t now_us)
{
	char message[MESSAGE_MAX];
	if (!notify)
		return -1;
	bool needs_time = !notify->is_ready || notify->is_stopping;
	if (!needs_time && !notify->has_watchdog)
		return -1;
	if (now_us < notify->next_us)
		return notify->next_us - now_us;
	int n = 0;
	if (needs_time)
		n = snprintf(
			message, sizeof message, "EXTEND_TIMEOUT_USEC=%d\n", (int)EXTENSION_US);
	snprintf(message + n, sizeof message - (size_t)n, "%s",
		notify->has_watchdog ? "WATCHDOG=1\n" : "");
	send_message(notify, message);
	notify->next_us = now_us + notify->beat_us;
	return notify->beat_us;
}

/* Numbers are given out one after the other, so their low bits spread them over the buckets. */
#include "producer/ledger.h"
#include "common/memory.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ledger_init(struct ledger *ledger, const char *run, int64_t capacity)
{
	uint64_t n_buckets = 1;
	while (n_buckets < (uint64_t)capacity)
		n_buckets *= 2;
	assert(capacity > 0 && ledger_is_run(run));
	*ledger = (struct ledger){.mask = n_buckets - 1};
	snprintf(ledger->run, sizeof(ledger->run), "%s", run);
	ledger->all = calloc((size_t)capacity, sizeof *ledger->all);
	ledger->buckets = calloc(n_buckets, sizeof(struct in_flight *));
	memory_need(ledger->all && ledger->buckets);
	for (int64_t i = capacity; i-- > 0;) {
		ledger->all[i].next = ledger->unused;
		ledger->unused = &ledger->all[i];
	}
}

void ledger_fini(struct ledger *ledger)
{
	free(ledger->all);
	free(ledger->buckets);
	*ledger = (struct ledger){0};
}

bool ledger_is_run(const char *run)
{
	size_t n = strspn(run, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
	return n > 0 && n <= RUN_ID_MAX && !run[n];
}

struct in_flight *ledger_open(struct ledger *ledger)
{
	struct in_flight *request = ledger->unused;
	if (!request)
		return NULL;
	ledger->unused = request->next;
	*request = (struct in_flight){.number = ++ledger->last_number, .prev = ledger->newest};
	*(ledger->newest ? &ledger->newest->next : &ledger->oldest) = request;
	ledger->newest = request;
	struct in_flight **bucket = &ledger->buckets[(uint64_t)request->number & ledger->mask];
	request->bucket_next = *bucket;
	*bucket = request;
	ledger->in_flight++;
	return request;
}

static void take_out(struct ledger *ledger, struct in_flight *request)
{
	struct in_flight **link = &ledger->buckets[(uint64_t)request->number & ledger->mask];
	while (*link != request)
		link = &(*link)->bucket_next;
	*link = request->bucket_next;
	*(request->prev ? &request->prev->next : &ledger->oldest) = request->next;
	*(request->next ? &request->next->prev : &ledger->newest) = request->prev;
	request->next = ledger->unused;
	ledger->unused = request;
	ledger->in_flight--;
}

void ledger_undo(struct ledger *ledger, struct in_flight *request)
{
	assert(request->number == ledger->last_number);
	take_out(ledger, request);
	ledger->last_number--;
}

void ledger_settle(struct ledger *ledger, struct in_flight *request)
{
	if (!request->awaits_ack && !request->is_open)
		take_out(ledger, request);
}

int ledger_write_id(const struct ledger *ledger, int64_t number, char *id)
{
	return snprintf(id, REQUEST_ID_SIZE, "%s-%" PRId64, ledger->run, number);
}

int64_t ledger_read_id(const struct ledger *ledger, const void *id, size_t size)
{
	const char *text = id;
	size_t at = strlen(ledger->run);
	int64_t number = 0;
	if (!text || size < at + 2 || size > at + 20 || memcmp(text, ledger->run, at) != 0 ||
		text[at] != '-' || text[at + 1] == '0')
		return 0;
	for (at++; at < size; at++) {
		if (text[at] < '0' || text[at] > '9')
			return 0;
		number = number * 10 + (text[at] - '0');
	}
	return number <= ledger->last_number ? number : 0;
}

struct in_flight *ledger_find(const struct ledger *ledger, int64_t number)
{
	struct in_flight *request = ledger->buckets[(uint64_t)number & ledger->mask];
	while (request && request->number != number)
		request = request->bucket_next;
	return request;
}

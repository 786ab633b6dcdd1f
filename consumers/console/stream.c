/* A stream without anything to say is suspended in the server and costs nothing; what is said resumes
 * it. It holds the message that is being sent, and one change, into which those that come meanwhile are
 * merged: a slow reader hears of each test, and costs no more than the tests there are. */
#include "consumers/console/stream.h"
#include "common/memory.h"
#include "consumers/console/counters.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMENT_US = 15000000, STREAMS_MAX = 500, BLOCK = 4096 };

struct stream {
	struct streams *all;
	struct stream *next, *previous;
	struct MHD_Connection *connection;
	char *message; /* being sent; NULL: none */
	json_t *change; /* to be sent next; NULL: nothing. Others may hold it, too */
	size_t size, sent;
	bool is_suspended;
};

struct streams {
	struct stream *first;
	int n;
	bool is_ending;
	int64_t comment_at_us;
};

struct streams *streams_new(void)
{
	struct streams *streams = calloc(1, sizeof *streams);
	memory_need(streams);
	return streams;
}

void streams_free(struct streams *streams)
{
	assert(!streams || !streams->first);
	free(streams);
}

static void resume(struct stream *stream)
{
	if (!stream->is_suspended)
		return;
	stream->is_suspended = false;
	MHD_resume_connection(stream->connection);
}

/* A comment. */
static void say(struct stream *stream, const char *text)
{
	if (stream->message || stream->change)
		return;
	stream->message = strdup(text);
	memory_need(stream->message);
	stream->size = strlen(text);
	resume(stream);
}

static bool has_name(const json_t *names, const json_t *name)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		if (json_equal(json_array_get(names, i), name))
			return true;
	return false;
}

/* The newer one, with the tests of both; a new reference. */
static json_t *merge(const json_t *older, json_t *newer)
{
	json_t *both = json_deep_copy(newer), *names = json_object_get(both, "tests");
	const json_t *more = json_object_get(older, "tests");
	memory_need(both);
	for (size_t i = 0; i < json_array_size(more); i++)
		if (!has_name(names, json_array_get(more, i)))
			json_array_append(names, json_array_get(more, i));
	return both;
}

static void tell(struct stream *stream, json_t *change)
{
	json_t *before = stream->change;
	stream->change = before ? merge(before, change) : json_incref(change);
	json_decref(before);
	resume(stream);
}

static void begin_message(struct stream *stream)
{
	char *data = json_dumps(stream->change, JSON_COMPACT);
	memory_need(data && asprintf(&stream->message, "event: change\ndata: %s\n\n", data) >= 0);
	stream->size = strlen(stream->message);
	free(data);
	json_decref(stream->change);
	stream->change = NULL;
}

static ssize_t read_stream(void *opaque, uint64_t position, char *buffer, size_t size)
{
	struct stream *stream = opaque;
	(void)position;
	if (!stream->message && stream->change)
		begin_message(stream);
	if (stream->message) {
		size_t n = stream->size - stream->sent < size ? stream->size - stream->sent : size;
		memcpy(buffer, stream->message + stream->sent, n);
		stream->sent += n;
		if (stream->sent == stream->size) {
			free(stream->message);
			stream->message = NULL;
			stream->sent = 0;
		}
		return (ssize_t)n;
	}
	if (stream->all->is_ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	stream->is_suspended = true;
	MHD_suspend_connection(stream->connection);
	return 0;
}

static void end_stream(void *opaque)
{
	struct stream *stream = opaque;
	if (stream->previous)
		stream->previous->next = stream->next;
	else
		stream->all->first = stream->next;
	if (stream->next)
		stream->next->previous = stream->previous;
	counters_streams(--stream->all->n);
	json_decref(stream->change);
	free(stream->message);
	free(stream);
}

static struct stream *new_stream(struct streams *streams, struct MHD_Connection *connection)
{
	struct stream *stream = calloc(1, sizeof *stream);
	memory_need(stream);
	stream->all = streams;
	stream->connection = connection;
	stream->next = streams->first;
	if (streams->first)
		streams->first->previous = stream;
	streams->first = stream;
	counters_streams(++streams->n);
	say(stream, ": here\n\n");
	return stream;
}

bool streams_are_full(const struct streams *streams)
{
	return streams->n >= STREAMS_MAX || streams->is_ending;
}

enum MHD_Result streams_add(struct streams *streams, struct MHD_Connection *connection)
{
	assert(!streams_are_full(streams));
	struct stream *stream = new_stream(streams, connection);
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, end_stream);
	if (!response) {
		end_stream(stream);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", "text/event-stream");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
	enum MHD_Result result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

void streams_tell(struct streams *streams, json_t *change)
{
	for (struct stream *stream = streams->first; stream; stream = stream->next)
		tell(stream, change);
}

void streams_end(struct streams *streams)
{
	streams->is_ending = true;
	for (struct stream *stream = streams->first; stream; stream = stream->next)
		resume(stream);
}

bool streams_tick(struct streams *streams, int64_t now_us)
{
	if (now_us < streams->comment_at_us)
		return false;
	streams->comment_at_us = now_us + COMMENT_US;
	for (struct stream *stream = streams->first; stream; stream = stream->next)
		say(stream, ":\n\n");
	return streams->first != NULL;
}

/* A stream without anything to say is suspended in the server and costs nothing; what is said resumes
 * it. It holds one message at most, so a slow reader costs no more than a fast one. */
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
	char *message; /* NULL: nothing to say */
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

static void say(struct stream *stream, const char *text)
{
	if (stream->sent) /* the rest of the other one goes first; the page looks anew anyway */
		return;
	free(stream->message);
	stream->message = strdup(text);
	memory_need(stream->message);
	stream->size = strlen(text);
	resume(stream);
}

static ssize_t read_stream(void *opaque, uint64_t position, char *buffer, size_t size)
{
	struct stream *stream = opaque;
	(void)position;
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

static enum MHD_Result refuse(struct MHD_Connection *connection)
{
	static char text[] = "too many streams are open\n";
	struct MHD_Response *response =
		MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	enum MHD_Result result = MHD_queue_response(connection, 503, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result streams_add(struct streams *streams, struct MHD_Connection *connection)
{
	if (streams->n >= STREAMS_MAX || streams->is_ending)
		return refuse(connection);
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

void streams_tell(struct streams *streams, const char *data)
{
	char *text;
	memory_need(asprintf(&text, "event: change\ndata: %s\n\n", data) >= 0);
	for (struct stream *stream = streams->first; stream; stream = stream->next)
		say(stream, text);
	free(text);
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
		if (!stream->message)
			say(stream, ":\n\n");
	return streams->first != NULL;
}

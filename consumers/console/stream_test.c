/* What a reader of the stream of changes gets, however slow it is; the server is played by this test. */
#include "consumers/console/counters.h"
#include "consumers/console/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct {
	MHD_ContentReaderCallback read;
	MHD_ContentReaderFreeCallback end;
	void *opaque;
	bool is_suspended;
} server;

struct MHD_Response *MHD_create_response_from_callback(uint64_t size, size_t block_size,
	MHD_ContentReaderCallback read, void *opaque, MHD_ContentReaderFreeCallback end)
{
	(void)size, (void)block_size;
	server.read = read;
	server.end = end;
	server.opaque = opaque;
	return (struct MHD_Response *)&server;
}

void MHD_destroy_response(struct MHD_Response *response)
{
	(void)response;
}

enum MHD_Result MHD_add_response_header(
	struct MHD_Response *response, const char *header, const char *content)
{
	(void)response, (void)header, (void)content;
	return MHD_YES;
}

enum MHD_Result MHD_set_connection_option(
	struct MHD_Connection *connection, enum MHD_CONNECTION_OPTION option, ...)
{
	(void)connection, (void)option;
	return MHD_YES;
}

enum MHD_Result MHD_queue_response(
	struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	(void)connection, (void)response;
	assert_int_equal(200, status);
	return MHD_YES;
}

void MHD_suspend_connection(struct MHD_Connection *connection)
{
	(void)connection;
	server.is_suspended = true;
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
	(void)connection;
	server.is_suspended = false;
}

void counters_streams(int n)
{
	(void)n;
}

static void tell(struct streams *streams, int generation, const char *one, const char *other)
{
	json_t *change =
		json_pack("{s:[s, s*], s:i}", "tests", one, other, "generation", generation);
	assert_non_null(change);
	streams_tell(streams, change);
	json_decref(change);
}

/* Until there is nothing more, at most `n` bytes. */
static const char *hear(size_t n)
{
	static char text[2000];
	size_t size = 0;
	while (size < n && !server.is_suspended) {
		ssize_t got =
			server.read(server.opaque, size, text + size, n - size < 7 ? n - size : 7);
		assert_true(got >= 0);
		size += (size_t)got;
	}
	text[size] = '\0';
	return text;
}

static struct streams *open_stream(void)
{
	struct streams *streams = streams_new();
	assert_int_equal(MHD_YES, streams_add(streams, NULL));
	server.is_suspended = false;
	assert_string_equal(": here\n\n", hear(1000));
	return streams;
}

static void close_stream(struct streams *streams)
{
	server.end(server.opaque);
	streams_free(streams);
}

static void a_reader_that_keeps_up_gets_each_change(void **opaque)
{
	struct streams *streams = open_stream();
	(void)opaque;
	tell(streams, 1, "t", "u");
	assert_string_equal(
		"event: change\ndata: {\"tests\":[\"t\",\"u\"],\"generation\":1}\n\n", hear(1000));
	tell(streams, 2, "u", NULL);
	assert_string_equal(
		"event: change\ndata: {\"tests\":[\"u\"],\"generation\":2}\n\n", hear(1000));
	close_stream(streams);
}

static void a_slow_reader_hears_of_each_test_in_one_change(void **opaque)
{
	struct streams *streams = open_stream();
	(void)opaque;
	tell(streams, 1, "t", NULL);
	assert_string_equal("event: ", hear(7));
	tell(streams, 2, "u", "v");
	tell(streams, 3, "v", NULL);
	tell(streams, 4, "w", NULL);
	assert_string_equal(
		"change\ndata: {\"tests\":[\"t\"],\"generation\":1}\n\n"
		"event: change\ndata: {\"tests\":[\"w\",\"v\",\"u\"],\"generation\":4}\n\n",
		hear(1000));
	close_stream(streams);
}

static void a_change_that_nobody_has_read_yet_is_no_comment_s_to_replace(void **opaque)
{
	struct streams *streams = open_stream();
	(void)opaque;
	tell(streams, 1, "t", NULL);
	assert_true(streams_tick(streams, 20000000));
	assert_string_equal(
		"event: change\ndata: {\"tests\":[\"t\"],\"generation\":1}\n\n", hear(1000));
	assert_true(streams_tick(streams, 60000000));
	assert_string_equal(":\n\n", hear(1000));
	close_stream(streams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_that_keeps_up_gets_each_change),
		cmocka_unit_test(a_slow_reader_hears_of_each_test_in_one_change),
		cmocka_unit_test(a_change_that_nobody_has_read_yet_is_no_comment_s_to_replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

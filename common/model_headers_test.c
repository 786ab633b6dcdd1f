/* A model's own headers: what may be one, and values that come from files. */
#include "common/clock.h"
#include "common/model_test_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/var/tmp/umbra-headers-XXXXXX";
static char secret[64], next_secret[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(secret, sizeof secret, "%s/token", folder);
	snprintf(next_secret, sizeof next_secret, "%s/token.new", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(secret);
	unlink(next_secret);
	return rmdir(folder);
}

/* Replaces the file in one step, as a secret's mount does. */
static void write_secret(const char *text)
{
	FILE *file = fopen(next_secret, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(next_secret, secret), 0);
}

static struct model *with_headers(
	struct fixture *fixture, const struct model_header *headers, size_t n)
{
	return new_model(fixture, "/ok", (struct model_config){.headers = headers, .n_headers = n});
}

static void fixed_headers_are_sent_with_every_call(void **state)
{
	struct fixture *fixture = *state;
	setenv("UMBRA_TEST_TENANT", "blue", 1);
	const struct model_header headers[] = {
		{.name = "X-Tenant", .value = "${UMBRA_TEST_TENANT}"},
		{.name = "x-empty", .value = ""}, {.name = "host", .value = "model.example"}};
	struct model *model = with_headers(fixture, headers, 3);
	for (int i = 0; i < 2; i++) {
		ask_with(fixture, model);
		assert_non_null(strstr(fixture->server->last, "\r\nX-Tenant: blue\r\n"));
		assert_non_null(strstr(fixture->server->last, "\r\nx-empty:\r\n"));
		assert_non_null(strcasestr(fixture->server->last, "\r\nhost: model.example\r\n"));
		assert_null(strstr(fixture->server->last, "127.0.0.1"));
	}
	model_release(model);
}

static void a_models_content_type_wins_over_the_calls(void **state)
{
	struct fixture *fixture = *state;
	const struct model_header headers[] = {{.name = "Content-Type", .value = "text/csv"},
		{.name = "accept", .value = "text/plain"}};
	struct model *model = with_headers(fixture, headers, 2);
	ask_with(fixture, model);
	assert_non_null(strstr(fixture->server->last, "Content-Type: text/csv\r\n"));
	assert_non_null(strstr(fixture->server->last, "accept: text/plain\r\n"));
	assert_null(strstr(fixture->server->last, "application/json"));
	model_release(model);
}

/* Asks until the request bears the header; fails after 10 s. */
static void ask_until(struct fixture *fixture, struct model *model, const char *header)
{
	int64_t deadline = clock_monotonic_us() + 10 * SECOND;
	do {
		if (clock_monotonic_us() > deadline)
			fail_msg("%s was not sent after 10 s", header);
		ask_with(fixture, model);
	} while (!strstr(fixture->server->last, header));
}

static void a_changed_file_is_read_again(void **state)
{
	struct fixture *fixture = *state;
	write_secret("Bearer one\n");
	const struct model_header header = {.name = "authorization", .value_file = secret};
	struct model *model = with_headers(fixture, &header, 1);
	ask_with(fixture, model);
	assert_non_null(strstr(fixture->server->last, "\r\nauthorization: Bearer one\r\n"));
	write_secret("Bearer two\n");
	ask_until(fixture, model, "\r\nauthorization: Bearer two\r\n");
	model_release(model);
}

static void a_change_while_calls_are_out_harms_none(void **state)
{
	struct fixture *fixture = *state;
	write_secret("one");
	const struct model_header header = {.name = "x-token", .value_file = secret};
	struct model_config config = {.headers = &header, .n_headers = 1};
	struct model *model = new_model(fixture, "/gate", config);
	struct probe out = probe_of("out");
	model_call_start(model, &out.call);
	write_secret("two");
	int64_t second_later = clock_monotonic_us() + SECOND + 100000;
	while (clock_monotonic_us() < second_later)
		step(fixture);
	struct probe newer = probe_of("newer");
	model_call_start(model, &newer.call);
	fixture->server->is_open = true;
	drive(fixture, &newer.n_done, 1);
	drive(fixture, &out.n_done, 1);
	assert_non_null(strstr(fixture->server->last, "\r\nx-token: two\r\n"));
	model_release(model);
}

static void a_file_that_goes_bad_keeps_its_last_value(void **state)
{
	struct fixture *fixture = *state;
	write_secret("good");
	const struct model_header header = {.name = "x-token", .value_file = secret};
	struct model *model = with_headers(fixture, &header, 1);
	ask_with(fixture, model);
	write_secret("bad\x01");
	int64_t until = clock_monotonic_us() + SECOND + 200000;
	do
		ask_with(fixture, model);
	while (clock_monotonic_us() < until);
	assert_non_null(strstr(fixture->server->last, "\r\nx-token: good\r\n"));
	write_secret("better");
	ask_until(fixture, model, "\r\nx-token: better\r\n");
	model_release(model);
}

static void bad_headers_are_refused_with_a_sentence(void **state)
{
	static const struct {
		struct model_header header;
		const char *message;
	} rows[] = {
		{{.name = "", .value = "x"}, "is not a header name"},
		{{.name = "a b", .value = "x"}, "is not a header name"},
		{{.name = "a:b", .value = "x"}, "is not a header name"},
		{{.name = "a\r\nb", .value = "x"}, "is not a header name"},
		{{.name = "Content-Length", .value = "9"}, "is set by Umbra itself"},
		{{.name = "transfer-encoding", .value = "chunked"}, "is set by Umbra itself"},
		{{.name = "X-Request-Id", .value = "1"}, "is set by Umbra itself"},
		{{.name = "x-a"}, "needs either a value or a value_file"},
		{{.name = "x-a", .value = "1", .value_file = "f"}, "needs either"},
		{{.name = "x-a", .value = "secret\r\nx-evil: 1"}, "holds control characters"},
		{{.name = "x-a", .value = "${UMBRA_TEST_NO_SUCH}"}, "UMBRA_TEST_NO_SUCH"},
		{{.name = "x-a", .value_file = "/nowhere/token"}, "/nowhere/token"},
	};
	struct fixture *fixture = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char errstr[256] = "";
		struct model_config config = {.name = "variant bad",
			.url = "http://127.0.0.1/",
			.timeout_us = SECOND,
			.max_in_flight = 1,
			.headers = &rows[i].header,
			.n_headers = 1};
		assert_null(model_new(fixture->caller, &config, errstr, sizeof errstr));
		if (!strstr(errstr, rows[i].message))
			fail_msg("\"%s\" lacks \"%s\"", errstr, rows[i].message);
		assert_null(strstr(errstr, "secret"));
	}
}

static void a_bad_configuration_is_refused_with_a_sentence(void **state)
{
	static const struct {
		struct model_config config;
		const char *message;
	} rows[] = {
		{{.url = "not a url"}, "is not a URL"},
		{{.url = "ftp://host/x"}, "is not an http or https URL"},
		{{.url = "file:///etc/passwd"}, "is not an http or https URL"},
		{{.url = "http://me:secret@host/"}, "must not hold a user name"},
		{{.url = "https://host/", .ca_file = "/nowhere/ca.pem"},
			"the CA file /nowhere/ca.pem"},
		{{.url = "https://host/", .cert_file = "/nowhere/c.pem"},
			"the certificate /nowhere"},
		{{.url = "https://host/", .key_file = "/nowhere/k.pem"}, "the key /nowhere"},
	};
	struct fixture *fixture = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char errstr[256] = "";
		struct model_config config = rows[i].config;
		config.name = "variant bad";
		config.timeout_us = SECOND;
		config.max_in_flight = 1;
		assert_null(model_new(fixture->caller, &config, errstr, sizeof errstr));
		if (!strstr(errstr, rows[i].message))
			fail_msg("\"%s\" lacks \"%s\"", errstr, rows[i].message);
		assert_null(strstr(errstr, "secret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_promise(fixed_headers_are_sent_with_every_call),
		model_promise(a_models_content_type_wins_over_the_calls),
		model_promise(a_changed_file_is_read_again),
		model_promise(a_change_while_calls_are_out_harms_none),
		model_promise(a_file_that_goes_bad_keeps_its_last_value),
		model_promise(bad_headers_are_refused_with_a_sentence),
		model_promise(a_bad_configuration_is_refused_with_a_sentence),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

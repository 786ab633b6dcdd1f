#include "producer/ledger.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct in_flight *open_one(struct ledger *ledger)
{
	struct in_flight *request = ledger_open(ledger);
	if (request)
		request->is_open = request->awaits_ack = true;
	return request;
}

static void end_one(struct ledger *ledger, struct in_flight *request)
{
	request->is_open = request->awaits_ack = false;
	ledger_settle(ledger, request);
}

static void there_is_room_for_so_many_and_no_more(void **state)
{
	(void)state;
	struct ledger ledger;
	ledger_init(&ledger, "r", 3);
	struct in_flight *first = open_one(&ledger);
	open_one(&ledger);
	open_one(&ledger);
	assert_null(open_one(&ledger));
	end_one(&ledger, first);
	assert_int_equal(open_one(&ledger)->number, 4);
	assert_null(open_one(&ledger));
	ledger_fini(&ledger);
}

static void a_request_is_gone_when_answered_and_acknowledged(void **state)
{
	(void)state;
	struct ledger ledger;
	ledger_init(&ledger, "r", 3);
	struct in_flight *request = open_one(&ledger);
	request->is_open = false;
	ledger_settle(&ledger, request);
	assert_ptr_equal(ledger_find(&ledger, 1), request);
	request->awaits_ack = false;
	ledger_settle(&ledger, request);
	assert_null(ledger_find(&ledger, 1));
	assert_int_equal(ledger.in_flight, 0);
	assert_null(ledger.oldest);
	ledger_fini(&ledger);
}

static void a_request_that_was_not_sent_leaves_its_number(void **state)
{
	(void)state;
	struct ledger ledger;
	ledger_init(&ledger, "r", 2);
	ledger_undo(&ledger, ledger_open(&ledger));
	assert_int_equal(ledger_open(&ledger)->number, 1);
	ledger_fini(&ledger);
}

static int64_t read_id(const struct ledger *ledger, const char *id)
{
	return ledger_read_id(ledger, id, strlen(id));
}

static void an_id_is_read_back_and_no_other(void **state)
{
	(void)state;
	struct ledger ledger;
	char id[REQUEST_ID_SIZE];
	ledger_init(&ledger, "run-1", 20);
	for (int i = 0; i < 12; i++)
		open_one(&ledger);
	assert_int_equal(ledger_write_id(&ledger, 12, id), 8);
	assert_string_equal(id, "run-1-12");
	assert_int_equal(read_id(&ledger, id), 12);
	static const char *const others[] = {"", "run-1", "run-1-", "run-1-0", "run-1-012",
		"run-1-13", "run-1-1x", "run-2-1", "run-1-99999999999999999999", "run-1-1-1",
		"run-1--1", "RUN-1-1"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(read_id(&ledger, others[i]), 0);
	assert_int_equal(ledger_read_id(&ledger, NULL, 0), 0);
	assert_int_equal(ledger_read_id(&ledger, "run-1-12", 7), 1);
	ledger_fini(&ledger);
}

static void a_run_is_plain_text_of_bounded_length(void **state)
{
	(void)state;
	char text[RUN_ID_MAX + 2];
	assert_true(ledger_is_run("2026-11-23_a.b"));
	assert_false(ledger_is_run(""));
	assert_false(ledger_is_run("a b"));
	assert_false(ledger_is_run("a\xc3\xa4"));
	memset(text, 'x', sizeof text);
	text[RUN_ID_MAX + 1] = '\0';
	assert_false(ledger_is_run(text));
	text[RUN_ID_MAX] = '\0';
	assert_true(ledger_is_run(text));
}

static void whatever_order_they_end_in_the_rest_is_found_and_sorted(void **state)
{
	(void)state;
	enum { N = 50 };
	struct ledger ledger;
	struct in_flight *open[N];
	int n = 0;
	srand(11);
	ledger_init(&ledger, "r", N);
	for (int round = 0; round < 20000; round++) {
		if (n < N && rand() % 2) {
			open[n++] = open_one(&ledger);
		} else if (n > 0) {
			int i = rand() % n;
			int64_t number = open[i]->number;
			end_one(&ledger, open[i]);
			open[i] = open[--n];
			assert_null(ledger_find(&ledger, number));
		}
		assert_int_equal(ledger.in_flight, n);
		int64_t last = 0;
		for (struct in_flight *r = ledger.oldest; r; r = r->next) {
			assert_true(r->number > last);
			assert_ptr_equal(ledger_find(&ledger, r->number), r);
			last = r->number;
		}
	}
	ledger_fini(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_room_for_so_many_and_no_more),
		cmocka_unit_test(a_request_is_gone_when_answered_and_acknowledged),
		cmocka_unit_test(a_request_that_was_not_sent_leaves_its_number),
		cmocka_unit_test(an_id_is_read_back_and_no_other),
		cmocka_unit_test(a_run_is_plain_text_of_bounded_length),
		cmocka_unit_test(whatever_order_they_end_in_the_rest_is_found_and_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

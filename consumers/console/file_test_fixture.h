/* A folder of a test's own, with one SQLite file in it. */
#ifndef UMBRA_CONSUMERS_CONSOLE_FILE_TEST_FIXTURE_H
#define UMBRA_CONSUMERS_CONSOLE_FILE_TEST_FIXTURE_H

/* For cmocka_run_group_tests(). */
int make_test_folder(void **opaque);
int remove_test_folder(void **opaque);

const char *test_file(void);
/* With what SQLite puts beside it. */
void remove_test_file(void);

#endif

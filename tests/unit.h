/*
 * What each tests/F/x_test.c gives to the runner in tests/unit.c.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>

/* Makes the suite of this test program; named folder_file, e.g. "common_rd". */
Suite *unit_suite(void);

#endif

/* The address of MetricsListen. */
#include "monitor/metrics_address.h"
#include "tests/unit.h"

static const struct row {
	const char *text, *full; /* full NULL: refused */
	bool local;
} rows[] = {
    {"9109",		 "127.0.0.1:9109",   true },
    {"0",		    "127.0.0.1:0",      true },
    {"localhost:65535",      "127.0.0.1:65535",  true },
    {"127.8.0.1:1",          "127.8.0.1:1",      true },
    {"192.0.2.1:80",         "192.0.2.1:80",     false},
    {"0.0.0.0:80",           "0.0.0.0:80",       false},
    {"[::1]:80",             "[::1]:80",         true },
    {"[::]:80",              "[::]:80",          false},
    {"[2001:db8:0:0::1]:80", "[2001:db8::1]:80", false},
    {"",		     NULL,	       false},
    {"65536",		NULL,               false},
    {"-1",		   NULL,               false},
    {"127.0.0.1",            NULL,               false},
    {":80",		  NULL,               false},
    {"::1:80",	       NULL,               false},
    {"[::1]80",              NULL,               false},
    {"[]:80",		NULL,               false},
    {"[127.0.0.1]:80",       NULL,               false},
    {"example.org:80",       NULL,               false},
    {"127.0.0.1:80x",        NULL,               false},
    {"127.0.0.1:",           NULL,               false},
};

START_TEST(addresses_are_read_and_written_in_full)
{
	const struct row *row = &rows[_i];
	struct sockaddr_storage at;
	char text[METRICS_ADDRESS_BYTES];

	if (row->full == NULL) {
		ck_assert_int_eq(metrics_address_read(row->text, &at), ERR_RANGE);
		return;
	}
	ck_assert_int_eq(metrics_address_read(row->text, &at), OK);
	ck_assert_str_eq(metrics_address_text(&at, text), row->full);
	ck_assert(metrics_address_is_local(&at) == row->local);
	ck_assert_int_eq(metrics_address_read(text, &at), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_metrics_address");
	TCase *t = tcase_create("address");

	tcase_add_loop_test(t, addresses_are_read_and_written_in_full, 0,
			    sizeof rows / sizeof rows[0]);
	suite_add_tcase(s, t);
	return s;
}

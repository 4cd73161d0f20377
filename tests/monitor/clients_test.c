/* AllowedClients: names become addresses once; what is unknown lets nobody in. */
#include <string.h>

#include "common/log.h"
#include "monitor/admit.h"
#include "monitor/clients.h"
#include "tests/unit.h"

static struct clients c;

static enum err load(const char *const item[])
{
	struct strlist all = {(const char **)(uintptr_t)item, 0};

	while (item[all.n] != NULL)
		all.n++;
	return clients_load(&all, &c);
}

START_TEST(names_are_told_from_addresses)
{
	ck_assert(clients_is_name(SPAN_LIT("gate.example.org")));
	ck_assert(clients_is_name(SPAN_LIT("cafe.de")));
	ck_assert(!clients_is_name(SPAN_LIT("192.0.2.1")));
	ck_assert(!clients_is_name(SPAN_LIT("192.0.2.*")));
	ck_assert(!clients_is_name(SPAN_LIT("*.example.org")));
	ck_assert(!clients_is_name(SPAN_LIT("fe80::1")));
	ck_assert(!clients_is_name(SPAN_LIT("2001:db8::/32")));
	ck_assert(!clients_is_name(SPAN_LIT("*")));
	ck_assert(!clients_is_name(SPAN_LIT("")));
}
END_TEST

START_TEST(name_lets_its_addresses_in)
{
	static const char *const all[] = {"localhost", "192.0.2.0/24", NULL};

	ck_assert_int_eq(load(all), OK);
	ck_assert(admit_address(&c.list, "127.0.0.1"));
	ck_assert(admit_address(&c.list, "192.0.2.7"));
	ck_assert(!admit_address(&c.list, "198.51.100.1"));
	clients_wipe(&c);
	ck_assert(!admit_address(&c.list, "127.0.0.1"));
}
END_TEST

START_TEST(name_keeps_its_addresses_out)
{
	static const char *const all[] = {"*", "!localhost,!192.0.2.1", NULL};

	ck_assert_int_eq(load(all), OK);
	ck_assert(!admit_address(&c.list, "127.0.0.1"));
	ck_assert(!admit_address(&c.list, "192.0.2.1"));
	ck_assert(admit_address(&c.list, "192.0.2.2"));
	clients_wipe(&c);
}
END_TEST

START_TEST(unknown_name_lets_nobody_in_and_may_not_keep_somebody_out)
{
	static const char *const in[] = {"nobody.invalid", "192.0.2.1", NULL};
	static const char *const out[] = {"*,!nobody.invalid", NULL};

	log_level_set(LOG_QUIET_ALL);
	ck_assert_int_eq(load(in), OK);
	ck_assert(admit_address(&c.list, "192.0.2.1"));
	ck_assert(!admit_address(&c.list, "127.0.0.1"));
	clients_wipe(&c);
	ck_assert_int_eq(load(out), ERR_CONFIG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_clients");
	TCase *t = tcase_create("clients");

	tcase_add_test(t, names_are_told_from_addresses);
	tcase_add_test(t, name_lets_its_addresses_in);
	tcase_add_test(t, name_keeps_its_addresses_out);
	tcase_add_test(t, unknown_name_lets_nobody_in_and_may_not_keep_somebody_out);
	suite_add_tcase(s, t);
	return s;
}

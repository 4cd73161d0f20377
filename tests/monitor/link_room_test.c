#include <unistd.h>

#include "monitor/link.h"
#include "tests/unit.h"

START_TEST(link_has_room_until_half_of_it_waits)
{
	static const uint8_t bytes[1024];
	const struct msg line =
	    MSG_OF(log_line, .level = 1, .text = {bytes, LIMIT_LOG_BYTES});
	struct link l = {.sock = -1};
	int pair[2], sent = 0;

	ck_assert_int_eq(ipc_pair(pair), OK);
	l.sock = pair[0];
	ck_assert(link_has_room(&l));
	while (link_has_room(&l)) {
		ck_assert_int_eq(ipc_tell(pair[0], &line), OK);
		ck_assert_int_lt(++sent, 10000);
	}
	ck_assert_int_eq(ipc_tell(pair[0], &line), OK); /* half is left */
	close(pair[1]);
	close(pair[0]);
	ck_assert(!link_has_room(&l)); /* nor is there any where nobody is */
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_link_room");
	TCase *t = tcase_create("link_room");

	tcase_add_test(t, link_has_room_until_half_of_it_waits);
	suite_add_tcase(s, t);
	return s;
}

/* Which packets may be sent by hand: every number, and the form of those that may. */
#include <string.h>

#include "common/limits.h"
#include "common/sendable.h"
#include "common/sshnum.h"
#include "common/wr.h"
#include "tests/unit.h"

static uint8_t store[LIMIT_PIECE_BYTES + 64];

/* A payload that is sound for any of them that begins with a string. */
static struct span request(void)
{
	struct wr w = WR(store);

	wr_str(&w, "name@example.com");
	wr_bool(&w, false);
	wr_str(&w, "more");
	return (struct span){w.p, w.n};
}

static struct span text(bool debug)
{
	struct wr w = WR(store);

	if (debug)
		wr_bool(&w, true);
	wr_str(&w, "hello");
	if (debug)
		wr_str(&w, "");
	return (struct span){w.p, w.n};
}

START_TEST(only_these_numbers_may_be_sent)
{
	for (unsigned n = 0; n <= UINT8_MAX; n++) {
		bool channel = n == SSH_MSG_CHANNEL_REQUEST;
		bool may = n == SSH_MSG_IGNORE || n == SSH_MSG_DEBUG ||
			   n == SSH_MSG_GLOBAL_REQUEST || channel || n >= SSH_MSG_PING;
		struct span payload = n == SSH_MSG_IGNORE || n == SSH_MSG_DEBUG
					  ? text(n == SSH_MSG_DEBUG)
					  : request();
		const char *wrong = sendable_wrong((uint8_t)n, channel, payload);

		ck_assert_msg((wrong == NULL) == may, "%u: %s", n,
			      wrong != NULL ? wrong : "may be sent");
		ck_assert_msg(sendable_wrong((uint8_t)n, !channel, payload) != NULL,
			      "%u", n);
	}
}
END_TEST

START_TEST(each_refusal_says_what_to_do)
{
	ck_assert_ptr_nonnull(strstr(
	    sendable_wrong(SSH_MSG_DISCONNECT, false, request()), "conn:disconnect"));
	ck_assert_ptr_nonnull(
	    strstr(sendable_wrong(SSH_MSG_KEXINIT, false, request()), "conn:rekey"));
	ck_assert_ptr_nonnull(strstr(
	    sendable_wrong(SSH_MSG_CHANNEL_DATA, true, request()), "channel:send"));
	ck_assert_ptr_nonnull(
	    strstr(sendable_wrong(SSH_MSG_CHANNEL_OPEN, false, request()),
		   "conn:open_channel"));
	ck_assert_ptr_nonnull(strstr(
	    sendable_wrong(SSH_MSG_CHANNEL_REQUEST, false, request()), "to a channel"));
}
END_TEST

START_TEST(payloads_that_no_client_could_read_are_refused)
{
	struct span whole = request(), empty = {0};
	uint8_t no_name[] = {0, 0, 0, 0, 0};

	for (size_t n = 0; n < sizeof(uint32_t) + strlen("name@example.com") + 1; n++)
		ck_assert_ptr_nonnull(sendable_wrong(SSH_MSG_CHANNEL_REQUEST, true,
						     (struct span){whole.p, n}));
	ck_assert_ptr_nonnull(
	    sendable_wrong(SSH_MSG_GLOBAL_REQUEST, false, SPAN_OF(no_name)));
	ck_assert_ptr_nonnull(sendable_wrong(SSH_MSG_IGNORE, false, empty));
	ck_assert_ptr_nonnull(sendable_wrong(SSH_MSG_IGNORE, false, text(true)));
	ck_assert_ptr_nonnull(sendable_wrong(SSH_MSG_DEBUG, false, text(false)));
	ck_assert_ptr_null(sendable_wrong(SSH_MSG_PONG, false, empty));
	ck_assert_ptr_nonnull(sendable_wrong(
	    SSH_MSG_PONG, false, (struct span){store, LIMIT_PIECE_BYTES + 1}));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_sendable");
	TCase *t = tcase_create("sendable");

	tcase_add_test(t, only_these_numbers_may_be_sent);
	tcase_add_test(t, each_refusal_says_what_to_do);
	tcase_add_test(t, payloads_that_no_client_could_read_are_refused);
	suite_add_tcase(s, t);
	return s;
}

/*
 * Every packet number in every state of key exchange and login, in and after a first exchange, strict
 * and lax: allowed exactly where the table says, and the table says what the RFCs say.
 */
#include "common/sshnum.h"
#include "tests/unit.h"
#include "worker/wire/dispatch.h"

enum { NUMBERS = UINT8_MAX + 1 };

/* ---- what the RFCs say, in words of our own ---- */

static bool is_transport(unsigned number)
{
	return number == SSH_MSG_DISCONNECT || number == SSH_MSG_IGNORE ||
	       number == SSH_MSG_UNIMPLEMENTED || number == SSH_MSG_DEBUG;
}

static bool is_method(unsigned number)
{
	return number == SSH_MSG_KEXDH_INIT || number == SSH_MSG_KEX_DH_GEX_INIT ||
	       number == SSH_MSG_KEX_DH_GEX_REQUEST;
}

static bool is_connection(unsigned number)
{
	return (number >= SSH_MSG_GLOBAL_REQUEST &&
		number <= SSH_MSG_REQUEST_FAILURE) ||
	       (number >= SSH_MSG_CHANNEL_OPEN && number <= SSH_MSG_CHANNEL_FAILURE);
}

static bool is_known(unsigned number)
{
	return is_transport(number) || is_method(number) || is_connection(number) ||
	       number == SSH_MSG_SERVICE_REQUEST || number == SSH_MSG_EXT_INFO ||
	       number == SSH_MSG_KEXINIT || number == SSH_MSG_NEWKEYS ||
	       number == SSH_MSG_USERAUTH_REQUEST ||
	       number == SSH_MSG_USERAUTH_INFO_RESPONSE || number == SSH_MSG_PING;
}

/* The client has not sent its KEXINIT: RFC 4253 7.1 lets it go on with everything. */
static bool before_its_kexinit(enum kex_phase kex)
{
	return kex == KEX_IDLE || kex == KEX_SENT_INIT;
}

static bool in_its_place(unsigned number, enum kex_phase kex, enum auth_phase auth)
{
	if (is_transport(number))
		return true;
	if (is_method(number))
		return kex == KEX_WAIT_METHOD;
	if (number == SSH_MSG_NEWKEYS)
		return kex == KEX_WAIT_NEWKEYS;
	if (!before_its_kexinit(kex))
		return false;
	if (number == SSH_MSG_SERVICE_REQUEST)
		return auth == AUTH_SERVICE || auth == AUTH_METHOD ||
		       auth == AUTH_PROMPTED;
	if (number ==
	    SSH_MSG_USERAUTH_REQUEST) /* RFC 4256 3.1: also instead of answers */
		return auth == AUTH_METHOD || auth == AUTH_PROMPTED ||
		       auth == AUTH_OPEN;
	if (number == SSH_MSG_USERAUTH_INFO_RESPONSE)
		return auth == AUTH_PROMPTED;
	if (is_connection(number))
		return auth == AUTH_OPEN;
	return true;
}

/* PROTOCOL 1.10; RFC 4253 7: nothing but the exchange before there are keys. */
static bool in_first_exchange(unsigned number, bool strict)
{
	if (number == SSH_MSG_DISCONNECT || number == SSH_MSG_KEXINIT ||
	    number == SSH_MSG_NEWKEYS || is_method(number))
		return true;
	return !strict && is_transport(number);
}

static enum err wanted(unsigned number, enum kex_phase kex, enum auth_phase auth,
		       enum packet_first first)
{
	if (kex == KEX_WAIT_SIGN || auth == AUTH_WAIT_MONITOR)
		return ERR_FORBIDDEN; /* nothing is read while the monitor thinks */
	if (!is_known(number))
		return first == PACKET_STRICT ? ERR_FORBIDDEN : ERR_UNKNOWN;
	if (first != PACKET_AFTER && !in_first_exchange(number, first == PACKET_STRICT))
		return ERR_FORBIDDEN;
	return in_its_place(number, kex, auth) ? OK : ERR_FORBIDDEN;
}

/* One number in all states; gives in how many it is taken. */
static size_t walk(unsigned number)
{
	size_t taken = 0;

	for (int k = 0; k < KEX_PHASE_COUNT; k++)
		for (int a = 0; a < AUTH_PHASE_COUNT; a++)
			for (int f = 0; f < PACKET_FIRST_COUNT; f++) {
				enum kex_phase kex = (enum kex_phase)k;
				enum auth_phase auth = (enum auth_phase)a;
				enum packet_first first = (enum packet_first)f;
				enum err e =
				    packet_permit((uint8_t)number, kex, auth, first);

				if (e != wanted(number, kex, auth, first))
					ck_abort_msg(
					    "packet %u, kex %d, auth %d, first %d: %s",
					    number, k, a, f, err_text(e));
				taken += e == OK;
			}
	return taken;
}

START_TEST(a_packet_is_taken_exactly_where_it_has_its_place)
{
	for (unsigned number = 0; number < NUMBERS; number++)
		ck_assert_int_eq(walk(number) > 0, is_known(number));
}
END_TEST

START_TEST(a_row_has_a_name_and_a_handler_and_unknown_numbers_have_none)
{
	for (unsigned number = 0; number < NUMBERS; number++) {
		const struct packet_row *row = packet_row((uint8_t)number);

		ck_assert_int_eq(row != NULL, is_known(number));
		if (row == NULL)
			continue;
		ck_assert_ptr_nonnull(row->name);
		ck_assert(row->recv != NULL);
		ck_assert_uint_ne(row->kex, 0);
		ck_assert_uint_ne(row->auth, 0);
		ck_assert_uint_ne(row->first, 0);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("tables_packets");
	TCase *t = tcase_create("packets");

	tcase_add_test(t, a_packet_is_taken_exactly_where_it_has_its_place);
	tcase_add_test(t, a_row_has_a_name_and_a_handler_and_unknown_numbers_have_none);
	suite_add_tcase(s, t);
	return s;
}

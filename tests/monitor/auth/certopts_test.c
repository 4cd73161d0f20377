/* Certificates: when they are in force, whom they name, what they permit; doubt refuses. */
#include <stdlib.h>
#include <string.h>

#include "monitor/auth/certopts.h"
#include "tests/common/pk_vectors.h"
#include "tests/unit.h"

#define ED_CERT "ssh-ed25519-cert-v01@openssh.com"

static struct keyopts_note note;
static struct key_options o, base;
static uint8_t store[1024];
static struct wr w;

static void setup(void)
{
	o = base = (struct key_options){0};
	w = WR(store);
}

static void teardown(void)
{
	keyopts_wipe(&o);
	keyopts_wipe(&base);
}

static struct cert vector(void)
{
	struct cert c = {0};

	ck_assert_int_eq(cert_parse(pk_vector(ED_CERT, "blob"), &c), OK);
	return c;
}

static enum err genuine(const struct cert *c, uint64_t now)
{
	return certopts_genuine(c, SPAN_LIT("rsa-sha2-512,ssh-ed25519"), now, &note);
}

START_TEST(certopts_genuine_is_bounded_by_its_dates)
{
	struct cert c = vector();

	ck_assert_msg(genuine(&c, c.valid_after) == OK, "%s", note.text);
	ck_assert_int_eq(genuine(&c, c.valid_before - 1), OK);
	ck_assert_int_eq(genuine(&c, c.valid_before), ERR_DENIED);
	ck_assert_str_eq(note.text, "certificate has expired");
	if (c.valid_after > 0) {
		ck_assert_int_eq(genuine(&c, c.valid_after - 1), ERR_DENIED);
		ck_assert_str_eq(note.text, "certificate is not yet valid");
	}
}
END_TEST

START_TEST(certopts_genuine_refuses_what_is_not_for_a_user)
{
	struct cert c = vector();

	c.kind = CERT_HOST;
	ck_assert_int_eq(genuine(&c, c.valid_after), ERR_DENIED);
	c = vector();
	c.principals = (struct span){0};
	ck_assert_int_eq(genuine(&c, c.valid_after), ERR_DENIED);
	ck_assert_str_eq(note.text, "certificate names no principals");
}
END_TEST

START_TEST(certopts_genuine_asks_for_the_algorithm_and_the_signature)
{
	struct cert c = vector();

	ck_assert_int_eq(
	    certopts_genuine(&c, SPAN_LIT("rsa-sha2-512"), c.valid_after, &note),
	    ERR_DENIED);
	c.body.n--;
	ck_assert_int_eq(genuine(&c, c.valid_after), ERR_DENIED);
	ck_assert_str_eq(note.text, "certificate's signature does not verify");
}
END_TEST

START_TEST(certopts_names_principals_whole)
{
	struct cert c = vector(); /* alice, bob */

	ck_assert(certopts_names(&c, SPAN_LIT("alice")));
	ck_assert(certopts_names(&c, SPAN_LIT("bob")));
	ck_assert(!certopts_names(&c, SPAN_LIT("bo")));
	ck_assert(!certopts_names(&c, SPAN_LIT("alice,bob")));
	ck_assert(!certopts_names(&c, (struct span){0}));
	ck_assert(certopts_names_any(&c, SPAN_LIT("x,bob")));
	ck_assert(!certopts_names_any(&c, SPAN_LIT("x,*,,ali")));
	ck_assert(!certopts_names_any(&c, (struct span){0}));
}
END_TEST

START_TEST(certopts_an_empty_principal_is_nobodys)
{
	struct cert c = {.principals = SPAN_LIT("\0\0\0\0")};

	ck_assert(!certopts_names(&c, (struct span){0}));
	ck_assert(!certopts_names_any(&c, SPAN_LIT("a,,b")));
}
END_TEST

/* An option with a text as its data. */
static void put_text(const char *name, struct span text)
{
	size_t mark;

	wr_str(&w, name);
	mark = wr_open(&w);
	wr_bytes(&w, text);
	wr_close(&w, mark);
}

static void put_flag(const char *name)
{
	wr_str(&w, name);
	wr_str(&w, "");
}

static enum err critical(void)
{
	struct cert c = {
	    .critical = {w.p, w.n}
        };

	keyopts_wipe(&o);
	return certopts_read(&c, &o, &note);
}

START_TEST(certopts_nothing_given_permits_nothing)
{
	ck_assert_int_eq(critical(), OK);
	ck_assert(!o.pty && !o.agent && !o.x11 && !o.port_forwarding && !o.user_rc);
	ck_assert(!o.no_touch_required && !o.verify_required && !o.has_command);
}
END_TEST

START_TEST(certopts_critical_options_are_kept)
{
	put_text("force-command", SPAN_LIT("id -u"));
	put_text("source-address", SPAN_LIT("10.0.0.0/8,::1"));
	put_flag("verify-required");
	ck_assert_int_eq(critical(), OK);
	ck_assert(o.has_command && span_is(o.command, "id -u") && o.verify_required);
	ck_assert_int_eq(o.command.p[o.command.n], 0);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("10.9.9.9"), 1, &note), OK);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("::1"), 1, &note), OK);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("11.0.0.1"), 1, &note),
			 ERR_DENIED);
}
END_TEST

START_TEST(certopts_a_critical_option_in_doubt_refuses)
{
	const struct {
		const char *name;
		struct span text;
	} bad[] = {
	    {"launch@example.com", SPAN_LIT("x")         },
	    {"Force-command",      SPAN_LIT("x")         },
	    {"source-address",     SPAN_LIT("")          },
	    {"source-address",     SPAN_LIT("*")         },
	    {"source-address",     SPAN_LIT("!10.0.0.1") },
	    {"source-address",     SPAN_LIT("10.0.0.1/8")},
	    {"source-address",     SPAN_LIT("10.0.0.1 ") },
	    {"force-command",      SPAN_LIT("a\0b")      },
	    {"verify-required",    SPAN_LIT("x")         },
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		w = WR(store);
		put_text(bad[i].name, bad[i].text);
		ck_assert_msg(critical() == ERR_DENIED, "row %zu", i);
	}
	w = WR(store);
	put_flag("force-command"); /* not wrapped in a string */
	ck_assert_int_eq(critical(), ERR_DENIED);
}
END_TEST

START_TEST(certopts_extensions_permit_one_thing_each)
{
	static const char *const names[] = {"no-touch-required",
					    "permit-X11-forwarding",
					    "permit-agent-forwarding",
					    "permit-port-forwarding",
					    "permit-pty",
					    "permit-user-rc",
					    "permit-everything@example.com"};
	struct cert c = {0};
	bool got[7];

	put_flag(names[_i]);
	c.extensions = (struct span){w.p, w.n};
	ck_assert_int_eq(certopts_read(&c, &o, &note), OK);
	memcpy(got,
	       (bool[]){o.no_touch_required, o.x11, o.agent, o.port_forwarding, o.pty,
			o.user_rc, false},
	       sizeof got);
	for (int i = 0; i < 7; i++)
		ck_assert_int_eq(got[i], i == _i && i < 6);
}
END_TEST

static void narrow(const char *options, enum err wanted)
{
	keyopts_wipe(&base);
	ck_assert_int_eq(keyopts_parse(span_str(options), &base, &note), OK);
	ck_assert_int_eq(certopts_narrow(&base, &o, &note), wanted);
}

START_TEST(certopts_narrow_takes_the_stricter)
{
	struct cert c = {0};

	put_flag("no-touch-required");
	put_flag("permit-pty");
	put_flag("permit-user-rc");
	c.extensions = (struct span){w.p, w.n};
	ck_assert_int_eq(certopts_read(&c, &o, &note), OK);
	narrow("no-user-rc,permitopen=\"a:1\"", OK);
	ck_assert(base.pty && !base.user_rc && !base.agent && !base.no_touch_required);
	ck_assert(base.has_permitopen && !base.port_forwarding);
	put_flag("x");
	ck_assert_int_eq(certopts_read(&c, &o, &note), OK);
	narrow("no-touch-required,verify-required", OK);
	ck_assert(base.no_touch_required && base.verify_required);
}
END_TEST

START_TEST(certopts_narrow_commands_must_agree)
{
	put_text("force-command", SPAN_LIT("a"));
	ck_assert_int_eq(critical(), OK);
	narrow("command=\"b\"", ERR_DENIED);
	narrow("command=\"a\"", OK);
	ck_assert(base.has_command && span_is(base.command, "a"));
	ck_assert_int_eq(critical(), OK);
	narrow("", OK);
	ck_assert(base.has_command && span_is(base.command, "a"));
	ck_assert_int_eq(critical(), OK);
	keyopts_wipe(&o);
	narrow("command=\"b\"", OK);
	ck_assert(span_is(base.command, "b"));
}
END_TEST

START_TEST(certopts_what_is_remembered_outlives_the_certificate)
{
	struct span blob = pk_vector(ED_CERT, "blob");
	uint8_t *copy = pk_vector_copy(blob);
	struct key_cert *k = NULL;
	struct cert c = {0};

	ck_assert_int_eq(cert_parse((struct span){copy, blob.n}, &c), OK);
	ck_assert_int_eq(key_cert_new(&c, &k), OK);
	memset(copy, 0, blob.n);
	free(copy);
	ck_assert_uint_eq(k->serial, 7);
	ck_assert(span_is(k->key_id, "user ed25519"));
	ck_assert_int_eq(strncmp(k->ca, "SHA256:", 7), 0);
	c.principals = k->principals;
	ck_assert(certopts_names(&c, SPAN_LIT("bob")));
	free(k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_certopts");
	TCase *t = tcase_create("certopts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, certopts_genuine_is_bounded_by_its_dates);
	tcase_add_test(t, certopts_genuine_refuses_what_is_not_for_a_user);
	tcase_add_test(t, certopts_genuine_asks_for_the_algorithm_and_the_signature);
	tcase_add_test(t, certopts_names_principals_whole);
	tcase_add_test(t, certopts_an_empty_principal_is_nobodys);
	tcase_add_test(t, certopts_nothing_given_permits_nothing);
	tcase_add_test(t, certopts_critical_options_are_kept);
	tcase_add_test(t, certopts_a_critical_option_in_doubt_refuses);
	tcase_add_loop_test(t, certopts_extensions_permit_one_thing_each, 0, 7);
	tcase_add_test(t, certopts_narrow_takes_the_stricter);
	tcase_add_test(t, certopts_narrow_commands_must_agree);
	tcase_add_test(t, certopts_what_is_remembered_outlives_the_certificate);
	suite_add_tcase(s, t);
	return s;
}

/* What X.509 certificates are good for. */
#include "monitor/auth/x509opts.h"
#include "tests/common/x509_vectors.h"
#include "tests/unit.h"

#define NOW 1700000000

static struct keyopts_note note;

static enum err usable(const char *label)
{
	const struct x509 c = x509_known(label);

	note.text[0] = '\0';
	return x509opts_usable(&c, NOW, &note);
}

START_TEST(dates_usage_and_critical_extensions_are_judged)
{
	static const struct {
		const char *label, *why;
	} bad[] = {
	    {"past",             "expired"      },
	    {"future",           "not yet valid"},
	    {"no-usage",         "usage"        },
	    {"server-only",      "usage"        },
	    {"unknown-critical", "critical"     }
        };

	ck_assert_int_eq(usable("usage"), OK);
	ck_assert_int_eq(usable("ssh-client"), OK);
	ck_assert_int_eq(usable("unknown-plain"), OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_int_eq(usable(bad[i].label), ERR_DENIED);
		ck_assert_ptr_nonnull(strstr(note.text, bad[i].why));
	}
}
END_TEST

/* By a line with these options, for this user. */
static enum err issued(const char *label, const char *options, const char *user)
{
	const struct x509 c = x509_known(label);
	struct key_options o = {0};
	struct x509_line line;
	enum err e;

	ck_assert_int_eq(keyopts_parse(span_str(options), &o, &note), OK);
	line = (struct x509_line){x509_vector(label, "authority"),
				  SPAN_LIT("rsa-sha2-256,rsa-sha2-512"), &o,
				  span_str(user)};
	e = x509opts_issued(&c, &line, &note);
	keyopts_wipe(&o);
	return e;
}

START_TEST(an_authoritys_line_asks_for_a_name)
{
	ck_assert_int_eq(issued("usage", "cert-authority", "alice"), OK);
	ck_assert_int_eq(issued("usage", "cert-authority", "bob"), ERR_DENIED);
	ck_assert_int_eq(issued("no-name", "cert-authority", "alice"), ERR_DENIED);
	ck_assert_int_eq(
	    issued("usage", "cert-authority,principals=\"x,alice\"", "bob"), OK);
	ck_assert_int_eq(issued("usage", "cert-authority,principals=\"x\"", "alice"),
			 ERR_DENIED);
	ck_assert_int_eq(issued("usage",
				"cert-authority,subject=\"/C=DE/O=Example/CN=alice\"",
				"bob"),
			 OK);
	ck_assert_int_eq(
	    issued("usage", "cert-authority,subject=\"/CN=alice\"", "alice"),
	    ERR_DENIED);
	/* both must hold */
	ck_assert_int_eq(issued("usage",
				"cert-authority,principals=\"bob\","
				"subject=\"/C=DE/O=Example/CN=alice\"",
				"bob"),
			 ERR_DENIED);
}
END_TEST

START_TEST(algorithms_of_authorities_are_those_of_the_list)
{
	ck_assert_int_eq(issued("rsa-sha1", "cert-authority", "alice"), ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(note.text, "CASignatureAlgorithms"));
}
END_TEST

START_TEST(another_authoritys_certificate_is_not_spoken_of)
{
	const struct x509 c = x509_known("usage");
	const struct key_options o = {.cert_authority = true};
	const struct x509_line line = {x509_vector("ed25519", "authority"),
				       SPAN_LIT("rsa-sha2-256"), &o, SPAN_LIT("alice")};

	ck_assert_int_eq(x509opts_issued(&c, &line, &note), ERR_UNKNOWN);
}
END_TEST

START_TEST(a_subject_needs_an_authority)
{
	struct key_options o = {0};

	ck_assert_int_eq(keyopts_parse(SPAN_LIT("subject=\"/CN=x\""), &o, &note), OK);
	ck_assert_int_eq(keyopts_usable(&o, SPAN_LIT("127.0.0.1"), NOW, &note),
			 ERR_DENIED);
	keyopts_wipe(&o);
	ck_assert_int_eq(
	    keyopts_parse(SPAN_LIT("subject=\"a\",subject=\"b\""), &o, &note),
	    ERR_CONFIG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_x509opts");
	TCase *t = tcase_create("x509opts");

	tcase_add_test(t, dates_usage_and_critical_extensions_are_judged);
	tcase_add_test(t, an_authoritys_line_asks_for_a_name);
	tcase_add_test(t, algorithms_of_authorities_are_those_of_the_list);
	tcase_add_test(t, another_authoritys_certificate_is_not_spoken_of);
	tcase_add_test(t, a_subject_needs_an_authority);
	suite_add_tcase(s, t);
	return s;
}

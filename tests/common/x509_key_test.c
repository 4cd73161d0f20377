/* Keys in certificates as SSH has them, and subjects as operators write them. */
#include "common/limits.h"
#include "tests/common/x509_vectors.h"
#include "tests/unit.h"

START_TEST(the_key_within_is_the_one_that_was_certified)
{
	FILE *f = vector_open("x509/certs.txt");
	static uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct vector v = {0};
	struct x509 c;

	while (vector_next(f, &v)) {
		struct wr w = WR(store);
		struct span blob;

		ck_assert_int_eq(x509_parse(vector_get(&v, "cert"), &c), OK);
		ck_assert_int_eq(x509_plain_blob(&c, &w), OK);
		ck_assert_int_eq(wr_end(&w, &blob), OK);
		ck_assert(span_equal(blob, vector_get(&v, "plain")));
	}
	vector_wipe(&v);
	(void)fclose(f);
}
END_TEST

static bool subject(const char *label, const char *text)
{
	const struct x509 c = x509_known(label);

	return x509_subject_is(&c, span_str(text));
}

START_TEST(a_subject_is_compared_attribute_by_attribute)
{
	ck_assert(subject("usage", "/C=DE/O=Example/CN=alice"));
	ck_assert(subject("usage", "C = DE, O = Example, CN = alice"));
	ck_assert(subject("usage", "C=DE,O=Example,CN=alice"));
	ck_assert(!subject("usage", ""));
	ck_assert(!subject("usage", "/"));
	ck_assert(!subject("usage", "/C=DE/O=Example"));
	ck_assert(!subject("usage", "/O=Example/CN=alice"));
	ck_assert(!subject("usage", "/C=DE/O=Example/CN=alice/CN=alice"));
	ck_assert(!subject("usage", "/C=DE/O=Example/CN=Alice"));
	ck_assert(!subject("usage", "/C=DE/O=Example/OU=alice"));
	ck_assert(!subject("usage", "/C=DE/O=Example/CN=alice/"));
	ck_assert(!subject("usage", "/C=DE//O=Example/CN=alice"));
	ck_assert(!subject("usage", "C = DE, O = Example, CN"));
	ck_assert(subject("mail", "/emailAddress=alice@example.org/CN=a, b"));
	/* the form with commas cannot say a comma */
	ck_assert(!subject("mail", "emailAddress=alice@example.org, CN=a, b"));
}
END_TEST

START_TEST(any_common_name_counts)
{
	const struct x509 two = x509_known("two-names"), none = x509_known("no-name");

	ck_assert(x509_common_name_is(&two, SPAN_LIT("alice")));
	ck_assert(x509_common_name_is(&two, SPAN_LIT("bob")));
	ck_assert(!x509_common_name_is(&two, SPAN_LIT("alic")));
	ck_assert(!x509_common_name_is(&none, SPAN_LIT("Example")));
	ck_assert(!x509_common_name_is(&none, (struct span){0}));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_x509_key");
	TCase *t = tcase_create("x509_key");

	tcase_add_test(t, the_key_within_is_the_one_that_was_certified);
	tcase_add_test(t, a_subject_is_compared_attribute_by_attribute);
	tcase_add_test(t, any_common_name_counts);
	suite_add_tcase(s, t);
	return s;
}

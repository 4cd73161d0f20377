/* UMAC over all lengths that its three layers treat differently. */
#include <string.h>

#include "common/rd.h"
#include "tests/unit.h"
#include "tests/vectors.h"
#include "worker/alg/umac.h"

static struct mac start(struct span key)
{
	const struct mac_alg *row = mac_find(SPAN_LIT("umac-128-etm@openssh.com"));
	struct mac m = {0};

	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(mac_start(row, key, &m), OK);
	return m;
}

START_TEST(umac128_tag_gives_known_answers_in_any_order)
{
	static const int turns = 3;
	FILE *f = vector_open("umac-128-etm@openssh.com.txt");
	struct vector v = {0};
	uint8_t tag[MAC_TAG_BYTES];

	while (vector_next(f, &v)) {
		struct rd r = RD(vector_get(&v, "seq"));
		const uint32_t n = rd_u32(&r);
		struct mac m = start(vector_get(&v, "key"));

		ck_assert_int_eq(rd_end(&r), OK);
		/* other packets between leave nothing behind */
		for (int i = 0; i < turns; i++) {
			ck_assert_int_eq(mac_tag(&m, n + 1, SPAN_LIT("between"), tag),
					 OK);
			ck_assert_int_eq(mac_tag(&m, n, vector_get(&v, "data"), tag),
					 OK);
			ck_assert_int_eq(memcmp(tag, vector_bytes(&v, "tag", 16), 16),
					 0);
		}
		mac_wipe(&m);
	}
	vector_wipe(&v);
	(void)fclose(f);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_umac");
	TCase *t = tcase_create("umac");

	tcase_add_test(t, umac128_tag_gives_known_answers_in_any_order);
	suite_add_tcase(s, t);
	return s;
}

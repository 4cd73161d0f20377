#include <stdlib.h>
#include <string.h>

#include "common/json_facts.h"
#include "tests/unit.h"

START_TEST(facts_to_json_makes_objects_of_names)
{
	uint8_t store[512];
	struct wr w = WR(store);
	const struct span items[] = {SPAN_LIT("x"), SPAN_LIT("\xff")};
	char *text;
	json_t *v;

	facts_num(&w, "conn.id", 7);
	facts_str(&w, "conn.verified.source", SPAN_LIT("::1"));
	facts_bool(&w, "probe", true);
	facts_list(&w, "items", items, 2);
	facts_str(&w, "data.bytes", SPAN_LIT("hello"));
	v = facts_to_json((struct span){w.p, w.n});
	ck_assert_ptr_nonnull(v);
	text = json_dumps(v, JSON_COMPACT);
	ck_assert_str_eq(text, "{\"conn\":{\"id\":7,\"verified\":{\"source\":\"::1\"}},"
			       "\"probe\":true,\"items\":[\"x\",{\"base64\":\"/w==\"}],"
			       "\"data\":\"hello\"}");
	free(text);
	json_decref(v);
}
END_TEST

START_TEST(facts_to_json_refuses_malformed_facts)
{
	ck_assert_ptr_null(facts_to_json(SPAN_LIT("\0\0\0\1")));
}
END_TEST

START_TEST(json_to_bytes_takes_text_and_base64)
{
	json_t *v = json_pack("{s:s}", "base64", "/wA=");
	json_t *two = json_pack("{s:s, s:i}", "base64", "/wA=", "more", 1);
	json_t *bad = json_pack("{s:s}", "base64", "not base64");
	uint8_t *owned = NULL;
	struct span bytes;

	ck_assert(json_to_bytes(v, &bytes, &owned));
	ck_assert(span_equal(bytes, SPAN_LIT("\xff\0")));
	free(owned);
	ck_assert(!json_to_bytes(two, &bytes, &owned));
	ck_assert_ptr_null(owned);
	ck_assert(!json_to_bytes(bad, &bytes, &owned));
	free(owned);
	ck_assert(!json_to_bytes(json_true(), &bytes, &owned));
	json_decref(v);
	json_decref(two);
	json_decref(bad);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_json_facts");
	TCase *t = tcase_create("json_facts");

	tcase_add_test(t, facts_to_json_makes_objects_of_names);
	tcase_add_test(t, facts_to_json_refuses_malformed_facts);
	tcase_add_test(t, json_to_bytes_takes_text_and_base64);
	suite_add_tcase(s, t);
	return s;
}

/* The tables of sandbox.def: order, reasons, and that a worker only takes away. */
#include <string.h>

#include "common/sandbox_table.h"
#include "tests/unit.h"

static bool conds_equal(const struct sandbox_call *a, const struct sandbox_call *b)
{
	for (size_t i = 0; i < LIMIT_SANDBOX_CONDS; i++)
		if (a->conds[i].arg != b->conds[i].arg ||
		    a->conds[i].mask != b->conds[i].mask ||
		    a->conds[i].value != b->conds[i].value)
			return false;
	return true;
}

/* Finds a row of role like this one. */
static bool role_has(enum sandbox_role role, const struct sandbox_call *row)
{
	const struct sandbox_call *c = NULL;

	while ((c = sandbox_call_find(role, row->nr, c)) != NULL)
		if (conds_equal(c, row) && c->error == row->error)
			return true;
	return false;
}

START_TEST(every_row_has_a_role_and_a_reason)
{
	for (size_t i = 0; i < sandbox_n_calls; i++) {
		ck_assert_msg(strlen(sandbox_calls[i].why) > 2, "%s",
			      sandbox_calls[i].name);
		ck_assert_uint_ne(sandbox_calls[i].who, 0);
		ck_assert_uint_eq(sandbox_calls[i].who >> ROLE_COUNT, 0);
	}
	for (size_t i = 0; i < sandbox_n_passes; i++)
		ck_assert_uint_gt(strlen(sandbox_passes[i].why), 2);
	for (size_t i = 0; i < sandbox_n_files; i++)
		ck_assert_uint_gt(strlen(sandbox_files[i].why), 2);
}
END_TEST

START_TEST(rows_of_a_kind_are_sorted_by_name)
{
	const struct sandbox_call *a, *b;
	int order;

#if defined(__SANITIZE_ADDRESS__)
	return; /* its rows stand apart, at the end */
#endif
	for (size_t i = 1; i < sandbox_n_calls; i++) {
		a = &sandbox_calls[i - 1];
		b = &sandbox_calls[i];
		order = strcmp(a->name, b->name);
		ck_assert_msg(order <= 0 || (a->error == 0 && b->error != 0),
			      "%s after %s", b->name, a->name);
	}
	for (size_t i = 1; i < sandbox_n_files; i++)
		ck_assert_int_lt(
		    strcmp(sandbox_files[i - 1].path, sandbox_files[i].path), 0);
}
END_TEST

START_TEST(no_role_has_the_same_row_twice)
{
	const struct sandbox_call *a, *b;

	for (size_t i = 0; i < sandbox_n_calls; i++)
		for (size_t j = i + 1; j < sandbox_n_calls; j++) {
			a = &sandbox_calls[i];
			b = &sandbox_calls[j];
			ck_assert_msg(a->nr != b->nr || (a->who & b->who) == 0 ||
					  a->nr < 0 || !conds_equal(a, b),
				      "%s", a->name);
		}
}
END_TEST

START_TEST(a_role_inside_another_has_for_each_call_all_of_its_rows_or_none)
{
	enum sandbox_role outer;
	const struct sandbox_call *row;

	for (enum sandbox_role role = 0; role < ROLE_COUNT; role++) {
		outer = sandbox_roles[role].inside;
		for (size_t i = 0; i < sandbox_n_calls; i++) {
			row = &sandbox_calls[i];
			if ((row->who & SANDBOX_ON(role)) != 0)
				ck_assert_msg(role_has(outer, row), "%s", row->name);
			else if ((row->who & SANDBOX_ON(outer)) != 0)
				ck_assert_msg(sandbox_call_find(role, row->nr, NULL) ==
						  NULL,
					      "%s", row->name);
		}
	}
}
END_TEST

START_TEST(an_unconditional_row_is_the_only_one_of_its_call)
{
	const struct sandbox_call *c;

	for (enum sandbox_role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < sandbox_n_calls; i++) {
			c = &sandbox_calls[i];
			if ((c->who & SANDBOX_ON(role)) == 0 ||
			    sandbox_call_conds(c) != 0)
				continue;
			ck_assert_ptr_eq(sandbox_call_find(role, c->nr, NULL), c);
			ck_assert_ptr_null(sandbox_call_find(role, c->nr, c));
		}
}
END_TEST

START_TEST(roles_keep_the_layers_that_cost_nothing)
{
	unsigned always = SANDBOX_ON(LAYER_SECCOMP) | SANDBOX_ON(LAYER_LANDLOCK) |
			  SANDBOX_ON(LAYER_CAPS) | SANDBOX_ON(LAYER_NO_NEW_PRIVS) |
			  SANDBOX_ON(LAYER_RLIMITS) | SANDBOX_ON(LAYER_UNDUMPABLE);

	for (enum sandbox_role role = 0; role < ROLE_COUNT; role++)
		ck_assert_uint_eq(sandbox_roles[role].layers & always, always);
	ck_assert_uint_eq(sandbox_roles[ROLE_WORKER].layers,
			  SANDBOX_ON(LAYER_COUNT) - 1);
}
END_TEST

START_TEST(conditions_are_counted_to_the_first_empty_one)
{
	struct sandbox_call c = {.nr = 0};

	ck_assert_uint_eq(sandbox_call_conds(&c), 0);
	c.conds[0].mask = 1;
	ck_assert_uint_eq(sandbox_call_conds(&c), 1);
	for (size_t i = 0; i < LIMIT_SANDBOX_CONDS; i++)
		c.conds[i].mask = 1;
	ck_assert_uint_eq(sandbox_call_conds(&c), LIMIT_SANDBOX_CONDS);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_sandbox_table");
	TCase *t = tcase_create("table");

	tcase_add_test(t, every_row_has_a_role_and_a_reason);
	tcase_add_test(t, rows_of_a_kind_are_sorted_by_name);
	tcase_add_test(t, no_role_has_the_same_row_twice);
	tcase_add_test(t,
		       a_role_inside_another_has_for_each_call_all_of_its_rows_or_none);
	tcase_add_test(t, an_unconditional_row_is_the_only_one_of_its_call);
	tcase_add_test(t, roles_keep_the_layers_that_cost_nothing);
	tcase_add_test(t, conditions_are_counted_to_the_first_empty_one);
	suite_add_tcase(s, t);
	return s;
}

/* Locked memory: what the kernel says of it, and that a child finds zeros. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "monitor/keys/keymem.h"
#include "tests/unit.h"

/* Tells whether the mapping of p has a flag, as VmFlags of smaps has them. */
static bool has_flag(const void *p, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long begin, end;
	bool inside = false, found = false;
	char line[512];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			inside = begin <= (unsigned long)p && (unsigned long)p < end;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, flag) != NULL;
	}
	(void)fclose(f);
	return found;
}

START_TEST(keymem_is_kept_out_of_dumps_and_children)
{
	struct keymem_state state = {0};
	void *p;

	ck_assert_int_eq(keymem_init(&state), OK);
	ck_assert(state.not_dumped && state.wiped_forked);
	p = OPENSSL_secure_malloc(64);
	ck_assert_int_eq(CRYPTO_secure_allocated(p), 1);
	ck_assert(has_flag(p, " dd"));
	ck_assert(has_flag(p, " wf"));
	ck_assert(has_flag(p, " lo") == state.locked);
	OPENSSL_secure_free(p);
}
END_TEST

START_TEST(keymem_is_zero_in_a_forked_child)
{
	struct keymem_state state = {0};
	unsigned char *p;
	int status = 0;
	pid_t child;

	ck_assert_int_eq(keymem_init(&state), OK);
	p = OPENSSL_secure_malloc(64);
	p[0] = 42;
	child = fork();
	if (child == 0)
		_exit(p[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(p[0], 42);
	OPENSSL_secure_free(p);
}
END_TEST

START_TEST(keymem_refuses_a_second_start)
{
	struct keymem_state state = {0};

	ck_assert_int_eq(keymem_init(&state), OK);
	ck_assert_int_eq(keymem_init(&state), ERR_MEMORY);
}
END_TEST

START_TEST(keymem_holds_ed25519_seeds)
{
	struct keymem_state state = {0};
	unsigned char random[1];
	size_t before;
	EVP_PKEY *pkey;

	ck_assert_int_eq(keymem_init(&state), OK);
	/* The generators of random numbers keep their state there too. */
	ck_assert_int_eq(RAND_bytes(random, sizeof random), 1);
	ck_assert_int_eq(RAND_priv_bytes(random, sizeof random), 1);
	before = CRYPTO_secure_used();
	pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	ck_assert_uint_ge(CRYPTO_secure_used(), before + 32);
	EVP_PKEY_free(pkey);
	ck_assert_uint_eq(CRYPTO_secure_used(), before);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_keymem");
	TCase *t = tcase_create("keymem");

	tcase_add_test(t, keymem_is_kept_out_of_dumps_and_children);
	tcase_add_test(t, keymem_is_zero_in_a_forked_child);
	tcase_add_test(t, keymem_refuses_a_second_start);
	tcase_add_test(t, keymem_holds_ed25519_seeds);
	suite_add_tcase(s, t);
	return s;
}

/*
 * What a login helper answers about an account, as the monitor takes it: names of groups and keys. The answer is
 * kept where both can be read to their ends, and then holds what was said; otherwise nothing is kept.
 */
#include "common/limits.h"
#include "common/log.h"
#include "monitor/account.h"
#include "monitor/login_link.h"
#include "monitor/serve.h"
#include "tests/fuzz/fuzz.h"

#define LIST_BYTES 8192

static bool readable(struct span list, size_t *n)
{
	struct rd r = RD(list);

	for (*n = 0; r.left.n > 0 && rd_ok(&r); ++*n)
		(void)rd_bytes(&r, LIMIT_USER_BYTES);
	return rd_end(&r) == OK;
}

static void kept(const struct account *a, const struct msg_account_found *m)
{
	struct rd r = RD(m->groups);

	expect(span_equal(a->keys, m->keys) && a->uid == m->uid);
	for (size_t i = 0; i < a->groups.n; i++) {
		struct span name = rd_bytes(&r, LIMIT_USER_BYTES);

		expect(strnlen(a->groups.item[i], name.n + 1) <= name.n);
		expect(memcmp(a->groups.item[i], name.p, strlen(a->groups.item[i])) ==
		       0);
	}
	expect(rd_end(&r) == OK);
}

static void found(const struct msg_account_found *m)
{
	static struct monitor monitor;
	struct login l = {.m = &monitor, .user = "alice"};
	size_t groups;
	bool good = readable(m->groups, &groups);
	enum err e = serve_account_found(&l, m, NULL);

	expect((e == ERR_CLOSED) == good && l.answered == good);
	expect((monitor.accounts != NULL) == good);
	if (good) {
		expect(monitor.accounts->groups.n == groups);
		kept(monitor.accounts, m);
	}
	accounts_forget(&monitor);
	expect(monitor.accounts == NULL);
}

/* Even: the list of groups as it is. Odd: a list of the names that stand there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t list[LIST_BYTES];
	struct rd r = RD(((struct span){data, n}));
	bool made = rd_u8(&r) % 2 == 1;
	struct msg_account_found m = {.found = 1, .uid = rd_u8(&r)};
	struct wr w = WR(list);

	log_level_set(LOG_QUIET_ALL);
	m.keys = block_of(take_short(&r));
	m.notes = take_short(&r);
	m.groups = block_of(rd_rest(&r));
	if (made) {
		r = RD(m.groups);
		while (r.left.n > 0)
			wr_bytes(&w, take_short(&r));
		block_free(m.groups);
		m.groups = block_of((struct span){w.p, w.n});
	}
	found(&m);
	block_free(m.keys);
	block_free(m.groups);
	return 0;
}

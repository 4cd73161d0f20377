/*
 * Small pieces of text and of wire data: mpints, base64, name-lists, patterns, addresses, lists of algorithms.
 * The first byte chooses. What is read is written again as it was; what matches does so by the rule, read
 * in another way.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "common/algs.h"
#include "common/base64.h"
#include "common/limits.h"
#include "common/names.h"
#include "monitor/connector/addr.h"
#include "monitor/match.h"
#include "tests/fuzz/fuzz.h"

#define STORE_BYTES 65536
#define SMALL_BYTES 48
#define LIST_BYTES  4096

static uint8_t store[STORE_BYTES], again[STORE_BYTES];

static void mpint(struct span in)
{
	struct rd r = RD(in);
	struct span m = rd_mpint(&r, LIMIT_KEX_VALUE_BYTES);
	struct wr w = WR(store);

	if (rd_end(&r) == OK) { /* one way to write a number */
		expect(m.n == 0 || m.p[0] != 0);
		wr_mpint(&w, m);
		expect(w.err == OK && span_equal((struct span){w.p, w.n}, in));
	}
	w.n = 0;
	wr_mpint(&w, in);
	if (w.err != OK || in.n > LIMIT_KEX_VALUE_BYTES)
		return;
	r = RD(((struct span){w.p, w.n}));
	m = rd_mpint(&r, LIMIT_KEX_VALUE_BYTES + 1);
	expect(rd_end(&r) == OK);
	while (in.n > 0 && in.p[0] == 0) {
		in.p++;
		in.n--;
	}
	expect(span_equal(m, in));
}

static void base64(struct span in)
{
	struct wr w = WR(store), back = WR(again);

	if (base64_decode(&w, in) == OK) { /* one way to write bytes */
		base64_encode(&back, (struct span){w.p, w.n}, true);
		expect(back.err == OK && span_equal((struct span){back.p, back.n}, in));
		expect(base64_encoded_bytes(w.n) == in.n);
	}
	w.n = back.n = 0;
	w.err = back.err = OK;
	base64_encode(&w, in, true);
	if (w.err == OK) {
		expect(w.n == base64_encoded_bytes(in.n));
		expect(base64_decode(&back, (struct span){w.p, w.n}) == OK);
		expect(span_equal((struct span){back.p, back.n}, in));
	}
}

static void lists(struct span in)
{
	struct span list = in, name, chosen;
	struct wr w = WR(store);
	size_t n = 0;

	while (names_next(&list, &name)) {
		expect(span_inside(name, in));
		if (n++ > 0)
			wr_u8(&w, ',');
		wr_raw(&w, name);
		expect(names_has(in, name));
	}
	if (in.n > 0 && in.p[in.n - 1] == ',')
		wr_u8(&w, ',');
	expect(w.err == OK && span_equal((struct span){w.p, w.n}, in));
	if (names_valid(in)) {
		for (size_t i = 0; i < in.n; i++)
			expect(in.p[i] > ' ' && in.p[i] < 0x7f);
		expect(in.n == 0 || (in.p[0] != ',' && in.p[in.n - 1] != ','));
		expect((names_choose(in, in, &chosen) == OK) == (n > 0));
	}
}

/* The rule of * and ?, by recursion; slow, so for short ones only. */
static bool matches(struct span p, struct span s, bool fold)
{
	struct span p1, s1;

	if (p.n == 0)
		return s.n == 0;
	p1 = (struct span){p.p + 1, p.n - 1};
	s1 = (struct span){s.p + (s.n > 0), s.n - (s.n > 0)};
	if (p.p[0] == '*')
		return matches(p1, s, fold) || (s.n > 0 && matches(p, s1, fold));
	if (s.n == 0)
		return false;
	if (p.p[0] != '?' && p.p[0] != s.p[0] &&
	    !(fold && (p.p[0] | 32) == (s.p[0] | 32) && (p.p[0] | 32) >= 'a' &&
	      (p.p[0] | 32) <= 'z'))
		return false;
	return matches(p1, s1, fold);
}

static void globs(struct span in)
{
	struct rd r = RD(in);
	struct span pattern = block_of(take_short(&r)), text = block_of(rd_rest(&r));
	size_t stars = 0;

	for (size_t i = 0; i < pattern.n; i++)
		stars += pattern.p[i] == '*';
	if (pattern.n < SMALL_BYTES && text.n < SMALL_BYTES && stars < 4) {
		expect(names_glob(pattern, text) == matches(pattern, text, false));
		expect(names_glob_fold(pattern, text) == matches(pattern, text, true));
	} else if (names_glob(pattern, text)) {
		expect(names_glob_fold(pattern, text));
	}
	block_free(pattern);
	block_free(text);
}

/* An exclusion outweighs; a list that matches an address matches it with nothing else in the list changed. */
static void match(struct span in)
{
	struct rd r = RD(in);
	char *text = text_of(take_short(&r)), *list = text_of(rd_rest(&r));
	size_t n = strlen(list);
	char *more = calloc(1, n + 16);
	struct match_client who = {.user = text, .host = text, .address = text};
	enum match m = match_list(text, list);

	expect(more != NULL);
	expect(match_list(NULL, list) == MATCH_NO);
	(void)snprintf(more, n + 16, "%s%s", list, n == 0 ? "*" : ",*");
	expect(match_list(text, more) ==
	       (m == MATCH_EXCLUDED ? MATCH_EXCLUDED : MATCH_YES));
	expect(match_host_list(text, more) != MATCH_NO);
	(void)snprintf(more, n + 16, "%s%s", list, n == 0 ? "!*" : ",!*");
	expect(match_list(text, more) == MATCH_EXCLUDED);
	expect(match_address_list(text, more) == MATCH_EXCLUDED);
	(void)match_address_list(text, list);
	(void)match_user(&who, list);
	if (strchr(list, '@') == NULL)
		expect(match_user_valid(list) == OK &&
		       match_user(&who, list) == match_pattern(text, list));
	free(text);
	free(list);
	free(more);
}

/* Networks, against the same comparison done on whole numbers. */
static void network(struct span in)
{
	struct rd r = RD(in);
	uint32_t address = rd_u32(&r), base = rd_u32(&r);
	unsigned bits = rd_u8(&r) % 40;
	uint32_t mask = bits == 0 ? 0 : (uint32_t)(UINT64_MAX << (32 - bits % 33));
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN], list[64];
	struct in_addr ia = {htonl(address)}, ib = {htonl(base)};

	if (rd_u8(&r) % 2 == 0)
		base = address & mask, ib.s_addr = htonl(base);
	inet_ntop(AF_INET, &ia, a, sizeof a);
	inet_ntop(AF_INET, &ib, b, sizeof b);
	(void)snprintf(list, sizeof list, "%s/%u", b, bits);
	if (bits > 32 || (base & ~mask) != 0)
		expect(match_address_valid(list) != OK &&
		       match_address_list(a, list) == MATCH_NO);
	else
		expect(match_address_valid(list) == OK &&
		       (match_address_list(a, list) == MATCH_YES) ==
			   ((address & mask) == base));
}

static void addresses(struct span in)
{
	char *host = text_of(in);
	char text[ADDR_TEXT_BYTES], whole[ADDR_TEXT_BYTES];
	union addr a, b;

	(void)addr_is_localhost(host);
	for (enum addr_family f = ADDR_ANY; f <= ADDR_INET6; f++) {
		if (addr_parse(host, 22, f, &a) != OK)
			continue;
		expect(addr_port(&a) == 22);
		addr_host_text(&a, text);
		addr_text(&a, whole);
		expect(strstr(whole, text) != NULL);
		expect(addr_parse(text, 22, f, &b) == OK &&
		       a.sa.sa_family == b.sa.sa_family);
		if (a.sa.sa_family == AF_INET)
			expect(a.in.sin_addr.s_addr == b.in.sin_addr.s_addr);
		else
			expect(memcmp(&a.in6.sin6_addr, &b.in6.sin6_addr,
				      sizeof a.in6.sin6_addr) == 0);
	}
	free(host);
}

static void algorithms(struct span in)
{
	uint8_t first[LIST_BYTES], second[LIST_BYTES];
	struct wr w = WR(first), v = WR(second);
	struct rd r = RD(in);
	enum alg_kind kind = rd_u8(&r) % ALG_KIND_COUNT;
	struct span spec = rd_rest(&r), bad = {0}, list, name;
	enum err e = algs_list(kind, spec, &w, &bad);

	if (e != OK) {
		expect(e == ERR_UNKNOWN || e == ERR_CONFIG);
		expect(e != ERR_UNKNOWN || span_inside(bad, spec));
		return;
	}
	list = (struct span){w.p, w.n};
	expect(names_valid(list) && list.n > 0);
	/* a list that names its algorithms means itself */
	expect(algs_list(kind, list, &v, &bad) == OK &&
	       span_equal((struct span){v.p, v.n}, list));
	while (names_next(&list, &name))
		expect(algs_known(kind, name) && !names_has(list, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const parts[])(struct span) = {
	    mpint, base64, lists, globs, match, network, addresses, algorithms};
	struct span in;

	if (n == 0 || n > STORE_BYTES / 2)
		return 0;
	in = block_of((struct span){data + 1, n - 1});
	parts[data[0] % (sizeof parts / sizeof *parts)](in);
	block_free(in);
	return 0;
}

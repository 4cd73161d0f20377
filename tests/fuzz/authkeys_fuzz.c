/*
 * Lines of authorized_keys, and their options. What is cut out of a line lies in it, the blob is what
 * stands there in base64, and every list of the options can be read to its end.
 */
#include <stdlib.h>
#include <string.h>

#include "common/authkeys.h"
#include "common/base64.h"
#include "common/limits.h"
#include "common/rd.h"
#include "monitor/auth/keyopts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static bool inside(struct span part, struct span whole)
{
	return part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
			       part.p - whole.p <= (ptrdiff_t)(whole.n - part.n));
}

static void pairs(struct span list)
{
	struct rd r = RD(list);

	while (rd_ok(&r) && r.left.n > 0) {
		expect(rd_bytes(&r, LIMIT_KEYS_LINE_BYTES).n > 0);
		(void)rd_bytes(&r, LIMIT_KEYS_LINE_BYTES);
	}
	expect(rd_end(&r) == OK);
}

static void options(struct span text)
{
	struct key_options o = {0};
	struct keyopts_note note;

	if (keyopts_parse(text, &o, &note) != OK) {
		expect(o.store == NULL);
		return;
	}
	pairs(o.environment);
	pairs(o.permitopen);
	pairs(o.permitlisten);
	expect(!o.has_command || o.command.p[o.command.n] == 0);
	expect(!o.has_from || o.from.p[o.from.n] == 0);
	expect(!o.has_principals || o.cert_authority ||
	       keyopts_usable(&o, SPAN_LIT("10.0.0.1"), 1, &note) == ERR_DENIED);
	(void)keyopts_usable(&o, SPAN_LIT("2001:db8::1"), 1, &note);
	expect(o.port_forwarding || !keyopts_permits_open(&o, SPAN_LIT("h"), 1));
	expect(o.port_forwarding || !keyopts_permits_listen(&o, SPAN_LIT("h"), 1));
	keyopts_wipe(&o);
}

static void one(struct span line)
{
	uint8_t store[LIMIT_PK_BLOB_BYTES], text[2 * LIMIT_PK_BLOB_BYTES];
	struct authkey_line l;
	struct wr w = WR(text);

	options(line);
	if (authkeys_line(line, store, sizeof store, &l) != OK)
		return;
	expect(inside(l.options, line) && inside(l.type, line) &&
	       inside(l.comment, line));
	base64_encode(&w, l.blob, true);
	expect(w.err == OK && memmem(line.p, line.n, text, w.n) != NULL);
	options(l.options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span text = {data, n}, line;

	while (authkeys_next(&text, &line))
		one(line);
	return 0;
}

/*
 * What scripts and operators put together: packets by hand, and text in a code page. A packet that may be sent begins
 * as its kind must, by a second reading; text that has a place in a code page stays within its room, and comes back as
 * text that means the same bytes.
 */
#include "common/codepage.h"
#include "common/limits.h"
#include "common/sendable.h"
#include "tests/fuzz/fuzz.h"

static const char *const pages[] = {"850", "1252",        "037",
				    "932", "ISO-2022-JP", "UTF-16LE"};
static struct codepage *page[sizeof pages / sizeof *pages];

/* A string and a boolean stand there; RFC 4254 4, 5.4. */
static bool begins_as_request(struct span s)
{
	size_t n;

	if (s.n < 5)
		return false;
	n = (size_t)s.p[0] << 24 | (size_t)s.p[1] << 16 | (size_t)s.p[2] << 8 | s.p[3];
	return n > 0 && n <= LIMIT_NAME_BYTES && n <= s.n - 5;
}

static void packet(struct rd *r)
{
	uint8_t number = rd_u8(r);
	bool on_channel = rd_u8(r) % 2 != 0;
	struct span payload = block_of(rd_rest(r));
	const char *wrong = sendable_wrong(number, on_channel, payload);

	if (wrong == NULL) {
		expect(number == 2 || number == 4 || number == 80 || number == 98 ||
		       number >= 192);
		expect(on_channel == (number == 98));
		expect(payload.n <= LIMIT_PIECE_BYTES);
		if (number == 80 || number == 98)
			expect(begins_as_request(payload));
	} else {
		expect(wrong[0] != '\0');
		if (number == 98 && on_channel && payload.n <= LIMIT_PIECE_BYTES)
			expect(!begins_as_request(payload));
	}
	block_free(payload);
}

static void text(struct rd *r)
{
	static uint8_t there[4096], back[16384], anew[4096];
	struct codepage *c = page[rd_u8(r) % (sizeof pages / sizeof *pages)];
	struct span s = block_of(rd_rest(r));
	struct wr w = WR(there), again = WR(back), same = WR(anew);
	enum err e = codepage_encode(c, s, &w);

	expect(e == OK || e == ERR_RANGE || e == ERR_NO_SPACE);
	expect(e != OK ? w.n == 0 : w.n <= sizeof there);
	/* an escape of its own means something in ISO-2022 */
	if (e == OK && (s.n == 0 || memchr(s.p, 033, s.n) == NULL)) {
		expect(codepage_decode(c, (struct span){w.p, w.n}, &again) == OK);
		expect(codepage_encode(c, (struct span){again.p, again.n}, &same) ==
		       OK);
		expect(
		    span_equal((struct span){same.p, same.n}, (struct span){w.p, w.n}));
	}
	block_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = RD(((struct span){data, n}));

	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (page[i] == NULL)
			expect(codepage_open(pages[i], &page[i]) == OK);
	if (rd_u8(&r) % 2 == 0)
		packet(&r);
	else
		text(&r);
	return 0;
}

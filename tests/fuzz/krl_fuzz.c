/*
 * RevokedKeys, both kinds of files. What parses is sorted, and the search in it finds exactly what a plain reading of its
 * entries finds; a key of a plain list is revoked; cut by its last byte a key revocation list means no more than before.
 */
#include "common/cert.h"
#include "common/limits.h"
#include "monitor/auth/krl.h"
#include "tests/fuzz/fuzz.h"

enum { PROBES = 3, BYTE_BITS = 8 };

static bool plainly(const struct revoked_ca *ca, uint64_t serial)
{
	for (size_t i = 0; i < ca->n_serials && serial != 0; i++) {
		const struct revoked_serials *s = &ca->serials[i];
		uint64_t bit = serial - s->lo;

		if (serial < s->lo || serial > s->hi)
			continue;
		if (s->bits.n == 0 || (s->bits.p[s->bits.n - 1 - bit / BYTE_BITS] &
				       1u << bit % BYTE_BITS) != 0)
			return true;
	}
	return false;
}

static void probe(const struct revoked *r, const struct revoked_ca *ca, uint64_t serial)
{
	struct cert c = {
	    .serial = serial, .key_id = SPAN_LIT("\377none"), .ca = SPAN_LIT("")};

	expect(revoked_has_serial(ca, serial) == plainly(ca, serial));
	if (ca->any && plainly(ca, serial))
		expect(revoked_why(r, SPAN_LIT("key"), &c) != NULL);
}

static void authority(const struct revoked *r, const struct revoked_ca *ca)
{
	struct cert c = {.ca = SPAN_LIT("")};

	for (size_t i = 0; i < ca->n_serials; i++) {
		const struct revoked_serials *s = &ca->serials[i];

		expect(s->lo <= s->hi && s->reach >= s->hi);
		expect(i == 0 || (s[-1].lo <= s->lo && s[-1].reach <= s->reach));
		for (uint64_t at = 0; at < PROBES; at++) {
			probe(r, ca, s->lo - 1 + at);
			probe(r, ca, s->hi - 1 + at);
		}
	}
	for (size_t i = 0; i < ca->n_ids && ca->any; i++) {
		c.key_id = ca->ids[i];
		expect(revoked_why(r, SPAN_LIT("key"), &c) != NULL);
	}
}

static void hashes(const struct revoked_hashes *set)
{
	for (size_t i = 1; i < set->n; i++)
		expect(memcmp(&set->item[i - 1], &set->item[i], sizeof set->item[i]) <=
		       0);
}

static bool parse(struct span text, size_t *entries)
{
	struct keyfile_note note;
	struct revoked r = {0};

	if (revoked_parse(text, "file", &r, &note) != OK) {
		expect(note.text[0] != '\0' && r.keys.item == NULL && r.ca == NULL);
		return false;
	}
	hashes(&r.keys);
	hashes(&r.sha1);
	*entries = r.keys.n + r.sha1.n + r.n_ca;
	for (size_t i = 0; i < r.n_ca; i++) {
		authority(&r, &r.ca[i]);
		*entries += r.ca[i].n_serials + r.ca[i].n_ids;
	}
	revoked_wipe(&r);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span text = block_of((struct span){data, n}), cut;
	size_t all = 0, fewer = 0;

	if (parse(text, &all) && n > 0 && krl_is(text)) {
		cut = block_of((struct span){data, n - 1});
		expect(!parse(cut, &fewer) || fewer <= all);
		block_free(cut);
	}
	block_free(text);
	return 0;
}

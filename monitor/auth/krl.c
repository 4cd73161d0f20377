/*
 * Reads key revocation lists. The operator's file, made by ssh-keygen -k: still a list that is cut off
 * or has something unknown in it that matters is refused whole, as half a list lets revoked keys in.
 * Source: PROTOCOL.krl
 */
#include "monitor/auth/krl.h"
#include "common/limits.h"
#include "common/rd.h"

#define KRL_MAGIC 0x5353484b524c0a00u
enum { KRL_FORMAT = 1, SHA1_BYTES = 20, SHA256_BYTES = 32, BYTE_BITS = 8 };

enum section {
	SECTION_CERTIFICATES = 1,
	SECTION_EXPLICIT_KEY = 2,
	SECTION_SHA1 = 3,
	SECTION_SIGNATURE = 4,
	SECTION_SHA256 = 5,
	SECTION_EXTENSION = 255,
	CERT_SERIAL_LIST = 0x20,
	CERT_SERIAL_RANGE = 0x21,
	CERT_SERIAL_BITMAP = 0x22,
	CERT_KEY_ID = 0x23,
	CERT_EXTENSION = 0x39
};

#define ANY_BYTES LIMIT_REVOKED_FILE_BYTES

struct reading {
	struct revoked *r;
	const char **why;
};

static enum err refuse(const struct reading *k, const char *why)
{
	*k->why = why;
	return ERR_CONFIG;
}

/* The end of a section: all of it was understood, nothing is left. */
static enum err whole(const struct reading *k, struct rd *s, enum err e)
{
	if (e != OK)
		return e;
	return rd_end(s) == OK ? OK : refuse(k, "a section is malformed");
}

static enum err read_extension(const struct reading *k, struct rd *s)
{
	bool critical;

	(void)rd_bytes(s, ANY_BYTES);
	critical = rd_bool(s);
	(void)rd_bytes(s, ANY_BYTES);
	if (rd_ok(s) && critical)
		return refuse(k, "a critical extension that is not known");
	return whole(k, s, OK);
}

/* ---- serial numbers and key IDs of one authority ---- */

static enum err read_serials(const struct reading *k, struct rd *s, bool ranges,
			     struct revoked_ca *ca)
{
	enum err e = OK;

	while (e == OK && rd_ok(s) && s->left.n > 0) {
		struct revoked_serials one = {.lo = rd_u64(s)};

		one.hi = ranges ? rd_u64(s) : one.lo;
		if (!rd_ok(s))
			break;
		if (one.lo > one.hi)
			return refuse(
			    k, "a range of serial numbers ends before it begins");
		e = revoked_add_serials(ca, &one);
	}
	return whole(k, s, e);
}

static enum err read_bitmap(const struct reading *k, struct rd *s,
			    struct revoked_ca *ca)
{
	struct revoked_serials one = {.lo = rd_u64(s)};
	uint64_t last;
	enum err e = OK;

	one.bits = rd_mpint(s, ANY_BYTES);
	if (rd_ok(s) && one.bits.n > 0) {
		last = (uint64_t)one.bits.n * BYTE_BITS - 1;
		/* bits beyond the largest number stand for nothing */
		one.hi = one.lo > UINT64_MAX - last ? UINT64_MAX : one.lo + last;
		e = revoked_add_serials(ca, &one);
	}
	return whole(k, s, e);
}

static enum err read_ids(const struct reading *k, struct rd *s, struct revoked_ca *ca)
{
	enum err e = OK;

	while (e == OK && rd_ok(s) && s->left.n > 0) {
		struct span id = rd_bytes(s, ANY_BYTES);

		if (rd_ok(s))
			e = revoked_add_id(ca, id);
	}
	return whole(k, s, e);
}

static enum err read_cert_section(const struct reading *k, uint8_t type, struct rd *s,
				  struct revoked_ca *ca)
{
	switch (type) {
	case CERT_SERIAL_LIST:
		return read_serials(k, s, false, ca);
	case CERT_SERIAL_RANGE:
		return read_serials(k, s, true, ca);
	case CERT_SERIAL_BITMAP:
		return read_bitmap(k, s, ca);
	case CERT_KEY_ID:
		return read_ids(k, s, ca);
	case CERT_EXTENSION:
		return read_extension(k, s);
	default:
		return refuse(k, "a section on certificates that is not known");
	}
}

static enum err read_certificates(const struct reading *k, struct rd *s)
{
	struct span key = rd_bytes(s, LIMIT_PK_BLOB_BYTES);
	struct revoked_ca *ca = NULL;
	enum err e;

	(void)rd_bytes(s, ANY_BYTES); /* reserved */
	if (!rd_ok(s))
		return refuse(k, "a section is malformed");
	e = revoked_add_ca(k->r, key, &ca);
	while (e == OK && rd_ok(s) && s->left.n > 0) {
		uint8_t type = rd_u8(s);
		struct rd inner = rd_sub(s, ANY_BYTES);

		if (rd_ok(s))
			e = read_cert_section(k, type, &inner, ca);
	}
	return whole(k, s, e);
}

/* ---- keys and their hashes ---- */

static enum err read_keys(const struct reading *k, struct rd *s)
{
	enum err e = OK;

	while (e == OK && rd_ok(s) && s->left.n > 0) {
		struct span blob = rd_bytes(s, LIMIT_PK_BLOB_BYTES);

		if (rd_ok(s))
			e = revoked_add_key(k->r, blob);
	}
	return e == ERR_KEY ? refuse(k, "a key is malformed") : whole(k, s, e);
}

static enum err read_hashes(const struct reading *k, struct rd *s, size_t bytes,
			    struct revoked_hashes *out)
{
	enum err e = OK;

	while (e == OK && rd_ok(s) && s->left.n > 0) {
		struct span hash = rd_bytes(s, SHA256_BYTES);

		if (rd_ok(s) && hash.n != bytes)
			return refuse(k, "a fingerprint of the wrong length");
		if (rd_ok(s))
			e = revoked_add_hash(out, hash);
	}
	return whole(k, s, e);
}

static enum err read_section(const struct reading *k, uint8_t type, struct rd *s)
{
	switch (type) {
	case SECTION_CERTIFICATES:
		return read_certificates(k, s);
	case SECTION_EXPLICIT_KEY:
		return read_keys(k, s);
	case SECTION_SHA1:
		return read_hashes(k, s, SHA1_BYTES, &k->r->sha1);
	case SECTION_SHA256:
		return read_hashes(k, s, SHA256_BYTES, &k->r->keys);
	case SECTION_SIGNATURE:
		return refuse(k, "it is signed, which nothing here would verify: make "
				 "one without a signature");
	case SECTION_EXTENSION:
		return read_extension(k, s);
	default:
		return refuse(k, "a section that is not known");
	}
}

bool krl_is(struct span bytes)
{
	struct rd r = RD(bytes);

	return rd_u64(&r) == KRL_MAGIC && rd_ok(&r);
}

enum err krl_parse(struct span bytes, struct revoked *out, const char **why)
{
	const struct reading k = {.r = out, .why = why};
	struct rd r = RD(bytes);
	uint32_t format;
	enum err e = OK;

	(void)rd_u64(&r); /* magic */
	format = rd_u32(&r);
	(void)rd_u64(&r); /* number of the list */
	(void)rd_u64(&r); /* when it was made */
	(void)rd_u64(&r); /* flags: none is known, and they are no restriction */
	(void)rd_bytes(&r, ANY_BYTES); /* reserved */
	(void)rd_bytes(&r, ANY_BYTES); /* comment */
	if (!rd_ok(&r))
		return refuse(&k, "it is cut off");
	if (format != KRL_FORMAT)
		return refuse(&k, "a format that is not known");
	while (e == OK && rd_ok(&r) && r.left.n > 0) {
		uint8_t type = rd_u8(&r);
		struct rd section = rd_sub(&r, ANY_BYTES);

		if (rd_ok(&r))
			e = read_section(&k, type, &section);
	}
	if (e != OK)
		return e;
	return rd_end(&r) == OK ? OK : refuse(&k, "it is cut off");
}

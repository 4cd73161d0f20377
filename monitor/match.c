/*
 * Patterns and addresses of sshd_config(5) Match and AllowUsers. A user's name is foreign text;
 * time is bounded by the length of the pattern times that of the text, nothing is allocated.
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "common/names.h"
#include "monitor/match.h"

#define ADDRESS_BYTES 16

/* An address; IPv4 in the first four bytes. */
struct address {
	int family;
	uint8_t bytes[ADDRESS_BYTES];
};

struct network {
	struct address base;
	unsigned mask_bits;
};

enum network_form { NETWORK_GOOD, NETWORK_BAD, NETWORK_NONE };

bool match_pattern(const char *text, const char *pattern)
{
	return text != NULL && names_glob(span_str(pattern), span_str(text));
}

static bool take_negation(struct span *entry)
{
	if (entry->n == 0 || entry->p[0] != '!')
		return false;
	entry->p++;
	entry->n--;
	return true;
}

static enum match match_entries(struct span text, struct span list, bool fold)
{
	struct span entry;
	enum match found = MATCH_NO;

	while (names_next(&list, &entry)) {
		bool negated = take_negation(&entry);

		if (!(fold ? names_glob_fold(entry, text) : names_glob(entry, text)))
			continue;
		if (negated)
			return MATCH_EXCLUDED;
		found = MATCH_YES;
	}
	return found;
}

enum match match_list(const char *text, const char *list)
{
	return text == NULL ? MATCH_NO
			    : match_entries(span_str(text), span_str(list), false);
}

enum match match_host_list(const char *host, const char *list)
{
	return host == NULL ? MATCH_NO
			    : match_entries(span_str(host), span_str(list), true);
}

/* An IPv4 address that came over an IPv6 socket is the same address. */
static void unmap(struct address *a)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (a->family != AF_INET6 || memcmp(a->bytes, mapped, sizeof mapped) != 0)
		return;
	memmove(a->bytes, a->bytes + sizeof mapped, sizeof(struct in_addr));
	a->family = AF_INET;
}

static bool read_address(struct span text, struct address *out)
{
	char buf[INET6_ADDRSTRLEN];
	struct address a = {.family = AF_INET};

	if (bytes_to_str(buf, sizeof buf, text) != OK)
		return false;
	if (inet_pton(AF_INET, buf, a.bytes) != 1) {
		a.family = AF_INET6;
		if (inet_pton(AF_INET6, buf, a.bytes) != 1)
			return false;
	}
	*out = a;
	return true;
}

/* The client's own address; fe80::1%eth0 is compared without its zone. */
static bool read_client(const char *text, struct address *out)
{
	const char *zone = strchr(text, '%');
	size_t n = zone == NULL ? strlen(text) : (size_t)(zone - text);

	if (!read_address((struct span){(const uint8_t *)text, n}, out))
		return false;
	unmap(out);
	return true;
}

static bool read_mask(struct span text, unsigned *out)
{
	unsigned bits = 0;

	if (text.n == 0 || text.n > 3)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(text.p[i] - '0');
	}
	*out = bits;
	return true;
}

static unsigned address_bits(const struct address *a)
{
	return a->family == AF_INET ? 32 : 128;
}

static bool bit_of(const struct address *a, unsigned i)
{
	return (a->bytes[i / 8] & (0x80U >> i % 8)) != 0;
}

static bool host_bits_clear(const struct network *n)
{
	for (unsigned i = n->mask_bits; i < address_bits(&n->base); i++)
		if (bit_of(&n->base, i))
			return false;
	return true;
}

static enum network_form read_network(struct span text, struct network *out)
{
	struct network n = {0};
	const uint8_t *slash = text.n == 0 ? NULL : memchr(text.p, '/', text.n);
	size_t address_n = slash == NULL ? text.n : (size_t)(slash - text.p);
	struct span mask = {slash, text.n - address_n};

	if (!read_address((struct span){text.p, address_n}, &n.base))
		return slash == NULL ? NETWORK_NONE : NETWORK_BAD;
	n.mask_bits = address_bits(&n.base);
	if (slash != NULL &&
	    !read_mask((struct span){mask.p + 1, mask.n - 1}, &n.mask_bits))
		return NETWORK_BAD;
	if (n.mask_bits > address_bits(&n.base) || !host_bits_clear(&n))
		return NETWORK_BAD;
	*out = n;
	return NETWORK_GOOD;
}

static bool network_has(const struct network *n, const struct address *a)
{
	if (n->base.family != a->family)
		return false;
	for (unsigned i = 0; i < n->mask_bits; i++)
		if (bit_of(&n->base, i) != bit_of(a, i))
			return false;
	return true;
}

static bool match_address(const struct address *a, struct span text, struct span entry)
{
	struct network n;

	switch (read_network(entry, &n)) {
	case NETWORK_GOOD:
		return a != NULL && network_has(&n, a);
	case NETWORK_BAD:
		return false;
	case NETWORK_NONE:
		break;
	}
	return names_glob_fold(entry, text);
}

enum match match_address_list(const char *address, const char *list)
{
	struct address a;
	struct span entry, left = span_str(list);
	enum match found = MATCH_NO;
	bool numeric;

	if (address == NULL)
		return MATCH_NO;
	numeric = read_client(address, &a);
	while (names_next(&left, &entry)) {
		bool negated = take_negation(&entry);

		if (!match_address(numeric ? &a : NULL, span_str(address), entry))
			continue;
		if (negated)
			return MATCH_EXCLUDED;
		found = MATCH_YES;
	}
	return found;
}

enum err match_address_valid(const char *list)
{
	struct network n;
	struct span entry, left = span_str(list);

	if (left.n == 0 || left.p[left.n - 1] == ',')
		return ERR_RANGE;
	while (names_next(&left, &entry)) {
		take_negation(&entry);
		if (entry.n == 0 || read_network(entry, &n) == NETWORK_BAD)
			return ERR_RANGE;
	}
	return OK;
}

/* Names with @ in them, as of Kerberos, exist: the last @ is before the host. */
static bool match_user_host(const struct match_client *who, const char *pattern,
			    const char *at)
{
	struct span user = {(const uint8_t *)pattern, (size_t)(at - pattern)};
	enum match by_address, by_host;

	if (who->user == NULL || !names_glob(user, span_str(who->user)))
		return false;
	by_address = match_address_list(who->address, at + 1);
	by_host = match_host_list(who->host, at + 1);
	if (by_address == MATCH_EXCLUDED || by_host == MATCH_EXCLUDED)
		return false;
	return by_address == MATCH_YES || by_host == MATCH_YES;
}

bool match_user(const struct match_client *who, const char *pattern)
{
	const char *at = strrchr(pattern, '@');

	return at == NULL ? match_pattern(who->user, pattern)
			  : match_user_host(who, pattern, at);
}

enum err match_user_valid(const char *pattern)
{
	const char *at = strrchr(pattern, '@');

	return at == NULL ? OK : match_address_valid(at + 1);
}

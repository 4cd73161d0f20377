/*
 * Sources of connections: the address that the kernel tells, cut to the block that
 * PerSourceNetBlockSize has counted together. Nothing of it is the client's word.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "monitor/source.h"

#define V4_BYTES 4
#define V4_BITS  32
#define V6_BITS  128

struct source source_of(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;
	struct source s = {.known = true};

	if (from->ss_family == AF_INET) {
		memcpy(s.bytes, &v4->sin_addr, V4_BYTES);
	} else if (from->ss_family == AF_INET6 &&
		   IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		memcpy(s.bytes, v6->sin6_addr.s6_addr + SOURCE_BYTES - V4_BYTES,
		       V4_BYTES);
	} else if (from->ss_family == AF_INET6) {
		s.v6 = true;
		memcpy(s.bytes, &v6->sin6_addr, SOURCE_BYTES);
	} else {
		s.known = false;
	}
	return s;
}

struct source source_block(const struct source *s, const struct net_block *block)
{
	struct source b = *s;
	uint32_t bits = s->v6 ? block->v6_bits : block->v4_bits;

	for (uint32_t i = 0; i < SOURCE_BYTES; i++, bits -= bits < 8 ? bits : 8)
		if (bits < 8)
			b.bytes[i] &= (uint8_t)(0xff00U >> bits);
	return b;
}

void source_show(const struct source *s, const struct net_block *block,
		 char out[SOURCE_TEXT_BYTES])
{
	struct source b = source_block(s, block);
	uint32_t bits = s->v6 ? block->v6_bits : block->v4_bits;
	char text[INET6_ADDRSTRLEN] = "unknown";

	inet_ntop(b.v6 ? AF_INET6 : AF_INET, b.bytes, text, sizeof text);
	if (bits == (b.v6 ? V6_BITS : V4_BITS))
		(void)snprintf(out, SOURCE_TEXT_BYTES, "%s", text);
	else
		(void)snprintf(out, SOURCE_TEXT_BYTES, "%s/%u", text, (unsigned)bits);
}

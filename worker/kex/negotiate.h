/*
 * KEXINIT and what follows from two of them. Pure. Source: RFC 4253 7.1
 */
#ifndef WORKER_KEX_NEGOTIATE_H
#define WORKER_KEX_NEGOTIATE_H

#include "common/rd.h"
#include "common/wr.h"

/* The name-lists of a KEXINIT, in their order. in: client to server. */
enum proposal_list {
	LIST_KEX,
	LIST_HOSTKEY,
	LIST_CIPHER_IN,
	LIST_CIPHER_OUT,
	LIST_MAC_IN,
	LIST_MAC_OUT,
	LIST_COMP_IN,
	LIST_COMP_OUT,
	LIST_LANG_IN,
	LIST_LANG_OUT,
	PROPOSAL_LISTS
};

#define KEXINIT_COOKIE_BYTES 16

/* A KEXINIT; the spans point into its payload. */
struct proposal {
	struct span list[PROPOSAL_LISTS];
	bool guess; /* first_kex_packet_follows */
};

/* What both sides will use; the spans point into the client's lists. */
struct agreed {
	struct span name[PROPOSAL_LISTS]; /* a MAC may be empty: legal beside an AEAD */
	bool guessed_wrong; /* the next packet was a wrong guess: to be passed over */
	bool strict;        /* kex-strict-c-v00@openssh.com was offered */
	bool ext_info;      /* ext-info-c was offered */
};

/* Names a list for a log line: "key exchange method", "cipher client to server", … */
const char *proposal_list_name(enum proposal_list list);

/*
 * Reads what follows the message number.
 * Errors: ERR_RANGE a list that is too long or not well formed; ERR_TRUNCATED; ERR_TRAILING
 */
MUST_CHECK enum err proposal_read(struct rd *r, struct proposal *out);

/* Writes what follows the message number; never a guess. */
void proposal_write(struct wr *w, struct span cookie, const struct proposal *p);

/*
 * Chooses by the client's order.
 * none:   receives the list without a name in common, where there is one
 * Errors: ERR_KEX_NONE
 */
MUST_CHECK enum err negotiate(const struct proposal *client,
			      const struct proposal *server, struct agreed *out,
			      enum proposal_list *none);

#endif

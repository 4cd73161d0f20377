/*
 * Judgements about X.509 certificates of users. The authority's key is the trust anchor, so there is one
 * signature to verify and no path to build; a certificate of an authority below it is not followed.
 */
#include <stdio.h>

#include "common/names.h"
#include "monitor/auth/x509opts.h"

static enum err deny(struct keyopts_note *note, const char *why)
{
	(void)snprintf(note->text, sizeof note->text, "%s", why);
	return ERR_DENIED;
}

enum err x509opts_usable(const struct x509 *cert, uint64_t now,
			 struct keyopts_note *note)
{
	if (now < cert->valid_after)
		return deny(note, "X.509 certificate is not yet valid");
	if (now > cert->valid_before)
		return deny(note, "X.509 certificate has expired");
	if (!cert->for_logins)
		return deny(note,
			    "X.509 certificate's key usage does not allow logins");
	if (cert->unknown_critical)
		return deny(note, "X.509 certificate has a critical extension that is "
				  "not known here");
	return OK;
}

static bool common_name_among(const struct x509 *cert, struct span list)
{
	struct span name;

	while (names_next(&list, &name))
		if (x509_common_name_is(cert, name))
			return true;
	return false;
}

enum err x509opts_issued(const struct x509 *cert, const struct x509_line *line,
			 struct keyopts_note *note)
{
	const struct key_options *o = line->options;
	enum err e = x509_verify(cert, line->authority, line->algorithms);

	if (e == ERR_DENIED)
		return deny(note, "X.509 certificate signed with an algorithm that "
				  "CASignatureAlgorithms does not have");
	if (e != OK)
		return e == ERR_CRYPTO ? e : ERR_UNKNOWN;
	if (o->has_subject && !x509_subject_is(cert, o->subject))
		return deny(note, "X.509 certificate has another subject");
	if (o->has_principals && !common_name_among(cert, o->principals))
		return deny(note, "X.509 certificate's common name is none of the "
				  "principals");
	if (!o->has_subject && !o->has_principals &&
	    !x509_common_name_is(cert, line->user))
		return deny(note, "X.509 certificate's common name is not the user's");
	return OK;
}

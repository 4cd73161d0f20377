/*
 * Finds a key in a token. The library is the operator's choice and runs in this process alone:
 * without rights, without keys of others, and without hold on the gateway when it hangs.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/uri.h>

#include "monitor/token/token.h"

enum { SLOTS = 64, FOUND = 2 };

void token_note_set(struct token_note *note, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(note->text, sizeof note->text, fmt, args);
	va_end(args);
}

const char *token_error(CK_RV code)
{
	static const struct {
		CK_RV code;
		const char *text;
	} names[] = {
	    {CKR_PIN_INCORRECT,              "the PIN is wrong"                               },
	    {CKR_PIN_INVALID,                "the PIN is of a form that it cannot have"       },
	    {CKR_PIN_LEN_RANGE,              "the PIN is too short or too long"               },
	    {CKR_PIN_LOCKED,                 "it is locked after too many wrong PINs"         },
	    {CKR_PIN_EXPIRED,                "the PIN must be changed"                        },
	    {CKR_USER_PIN_NOT_INITIALIZED,   "no user PIN was set"                            },
	    {CKR_TOKEN_NOT_PRESENT,          "it is not there"                                },
	    {CKR_DEVICE_REMOVED,             "it was taken out"                               },
	    {CKR_DEVICE_ERROR,               "the device reports an error"                    },
	    {CKR_MECHANISM_INVALID,          "it does not know this kind of signature"        },
	    {CKR_KEY_FUNCTION_NOT_PERMITTED, "the key may not sign (CKA_SIGN)"                },
	    {CKR_USER_NOT_LOGGED_IN,         "it wants a PIN"                                 },
	    {CKR_GENERAL_ERROR,              "its library failed; is its configuration right?"},
	};
	static char other[32];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].code == code)
			return names[i].text;
	(void)snprintf(other, sizeof other, "error 0x%lx", code);
	return other;
}

enum err token_attribute(const struct token_key *k, CK_OBJECT_HANDLE object,
			 CK_ATTRIBUTE_TYPE type, void *out, size_t *n)
{
	CK_ATTRIBUTE a = {.type = type, .pValue = out, .ulValueLen = *n};

	if (k->f->C_GetAttributeValue(k->session, object, &a, 1) != CKR_OK ||
	    a.ulValueLen == CK_UNAVAILABLE_INFORMATION || a.ulValueLen > *n)
		return ERR_UNKNOWN;
	*n = a.ulValueLen;
	return OK;
}

/* ---- the library ---- */

static enum err library_load(const char *path, struct token_key *k,
			     struct token_note *note)
{
	CK_C_INITIALIZE_ARGS how = {.flags = CKF_OS_LOCKING_OK};
	CK_C_GetFunctionList get;
	CK_RV rv;

	k->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (k->library == NULL) {
		token_note_set(note, "module %s: %s", path, dlerror());
		return ERR_UNKNOWN;
	}
	/* POSIX: what dlsym gives may be a function */
	*(void **)&get = dlsym(k->library, "C_GetFunctionList");
	if (get == NULL || get(&k->f) != CKR_OK || k->f == NULL) {
		token_note_set(note, "module %s: not a PKCS#11 library", path);
		return ERR_UNKNOWN;
	}
	rv = k->f->C_Initialize(&how);
	if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return OK;
	k->f = NULL;
	token_note_set(note, "module %s: %s", path, token_error(rv));
	return ERR_UNKNOWN;
}

void token_close(struct token_key *k)
{
	if (k->f != NULL && k->in_session)
		(void)k->f->C_CloseSession(k->session);
	if (k->f != NULL)
		(void)k->f->C_Finalize(NULL);
	if (k->library != NULL)
		(void)dlclose(k->library);
	wipe(k->pin, sizeof k->pin);
	*k = (struct token_key){0};
}

/* ---- the token ---- */

/* Tells whether the token in a slot is the one that the URI means. */
static bool slot_meant(const struct token_key *k, P11KitUri *uri, CK_SLOT_ID slot,
		       CK_TOKEN_INFO *info)
{
	CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri);

	return (wanted == (CK_SLOT_ID)-1 || wanted == slot) &&
	       k->f->C_GetTokenInfo(slot, info) == CKR_OK &&
	       p11_kit_uri_match_token_info(uri, info) == 1;
}

static enum err log_in(struct token_key *k, const struct token_request *q,
		       const CK_TOKEN_INFO *info, struct token_note *note)
{
	bool own_pad = (info->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	CK_UTF8CHAR_PTR pin = own_pad ? NULL : (CK_UTF8CHAR_PTR)(uintptr_t)q->pin.p;
	CK_RV rv;

	if ((info->flags & CKF_LOGIN_REQUIRED) == 0)
		return OK;
	if (!q->pin_given && !own_pad) {
		token_note_set(note,
			       "the token wants a PIN: say where it is with "
			       "pin-file=FILE, pin-credential=NAME or pin-prompt");
		return ERR_UNKNOWN;
	}
	rv = k->f->C_Login(k->session, CKU_USER, pin, own_pad ? 0 : q->pin.n);
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return OK;
	k->pin_refused = true;
	token_note_set(note, "the token: %s", token_error(rv));
	return ERR_UNKNOWN;
}

/* ---- the key ---- */

/* Finds up to FOUND objects; gives how many. */
static CK_ULONG objects_find(const struct token_key *k, CK_ATTRIBUTE *like, CK_ULONG n,
			     CK_OBJECT_HANDLE found[FOUND])
{
	CK_ULONG count = 0;

	if (k->f->C_FindObjectsInit(k->session, like, n) != CKR_OK)
		return 0;
	if (k->f->C_FindObjects(k->session, found, FOUND, &count) != CKR_OK)
		count = 0;
	(void)k->f->C_FindObjectsFinal(k->session);
	return count;
}

/* The URI says object and id; that it is a private key is said here. */
static enum err key_find(struct token_key *k, P11KitUri *uri, struct token_note *note)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE like[3] = {
	    {CKA_CLASS, &class, sizeof class}
        };
	CK_OBJECT_HANDLE found[FOUND];
	CK_ULONG n = 1, count;
	static const CK_ATTRIBUTE_TYPE named[] = {CKA_LABEL, CKA_ID};

	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		CK_ATTRIBUTE_PTR a = p11_kit_uri_get_attribute(uri, named[i]);

		if (a != NULL)
			like[n++] = *a;
	}
	count = objects_find(k, like, n, found);
	if (count == 1) {
		k->key = found[0];
		return OK;
	}
	token_note_set(note,
		       count == 0
			   ? "the token has no such private key, or does not show it "
			     "without a PIN; see: pkcs11-tool --module MODULE --login "
			     "--list-objects"
			   : "several private keys of the token are meant: add "
			     ";object=NAME or ;id=%%01 to the URI");
	return ERR_UNKNOWN;
}

static void keep_pin(struct token_key *k, const struct token_request *q)
{
	CK_BBOOL each_time = CK_FALSE;
	size_t n = sizeof each_time;

	k->asks_each_time =
	    token_attribute(k, k->key, CKA_ALWAYS_AUTHENTICATE, &each_time, &n) == OK &&
	    each_time == CK_TRUE;
	if (k->asks_each_time && bytes_copy(k->pin, sizeof k->pin, q->pin) == OK)
		k->pin_n = q->pin.n;
}

static enum err slot_open(struct token_key *k, const struct token_request *q,
			  P11KitUri *uri, CK_SLOT_ID slot, struct token_note *note)
{
	CK_TOKEN_INFO info;
	CK_RV rv;
	enum err e;

	if (!slot_meant(k, uri, slot, &info))
		return ERR_AGAIN;
	rv = k->f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &k->session);
	if (rv != CKR_OK) {
		token_note_set(note, "the token: %s", token_error(rv));
		return ERR_UNKNOWN;
	}
	k->in_session = true;
	if ((e = log_in(k, q, &info, note)) == OK && (e = key_find(k, uri, note)) == OK)
		keep_pin(k, q);
	return e;
}

static enum err slots_try(struct token_key *k, const struct token_request *q,
			  P11KitUri *uri, struct token_note *note)
{
	CK_SLOT_ID slots[SLOTS];
	CK_ULONG n = SLOTS;
	CK_RV rv = k->f->C_GetSlotList(CK_TRUE, slots, &n);
	enum err e = ERR_AGAIN;

	if (rv != CKR_OK) {
		token_note_set(note, "the module: %s", token_error(rv));
		return ERR_UNKNOWN;
	}
	for (CK_ULONG i = 0; i < n && e == ERR_AGAIN; i++)
		e = slot_open(k, q, uri, slots[i], note);
	if (e != ERR_AGAIN)
		return e;
	token_note_set(
	    note,
	    "the module shows no token that the URI means (%lu are there; may "
	    "this account use it?); see: pkcs11-tool --module MODULE "
	    "--list-slots",
	    n);
	return ERR_UNKNOWN;
}

/* A key that is whole can sign, and what it signs verifies. */
static enum err prove(struct token_key *k, struct token_note *note)
{
	const struct span data = SPAN_LIT("a host key that is whole can sign this");
	uint8_t raw[LIMIT_SIGNATURE_BYTES], store[LIMIT_SIGNATURE_BYTES];
	struct wr r = WR(raw), w = WR(store);
	enum err e = token_sign(k, k->alg, data, &r, note);

	if (e != OK)
		return e;
	wr_str(&w, k->alg->name);
	if ((e = k->alg->family->encode((struct span){r.p, r.n}, &w)) == OK)
		e = pk_verify(k->alg, (struct span){k->blob, k->blob_n},
			      (struct span){w.p, w.n}, data);
	if (e != OK)
		token_note_set(note, "what the token signs does not verify with the "
				     "public key that it shows");
	return e;
}

enum err token_open(const struct token_request *q, struct token_key *out,
		    struct token_note *note)
{
	P11KitUri *uri = p11_kit_uri_new();
	enum err e = ERR_UNKNOWN;

	if (uri == NULL)
		return ERR_MEMORY;
	if (p11_kit_uri_parse(q->uri,
			      P11_KIT_URI_FOR_OBJECT_ON_TOKEN | P11_KIT_URI_FOR_MODULE,
			      uri) != P11_KIT_URI_OK)
		token_note_set(note, "no URI as RFC 7512 has it, such as "
				     "pkcs11:token=NAME;object=NAME");
	else if ((e = library_load(q->module, out, note)) == OK &&
		 (e = slots_try(out, q, uri, note)) == OK &&
		 (e = token_public(out, note)) == OK)
		e = prove(out, note);
	p11_kit_uri_free(uri);
	return e == OK ? OK : ERR_UNKNOWN;
}

/*
 * What one argument must look like: CHECK(x) of config.def. Some give it its usual form.
 */
#include <string.h>
#include <strings.h>

#include "common/codepage.h"
#include "common/names.h"
#include "monitor/auth/tokens.h"
#include "monitor/config_priv.h"
#include "monitor/match.h"
#include "monitor/metrics_address.h"

const char *config_check_word(const struct config_reader *r, struct arena *a,
			      const char **arg)
{
	(void)r;
	(void)a;
	return (*arg)[0] != '\0' ? NULL : "a word";
}

const char *config_check_script(const struct config_reader *r, struct arena *a,
				const char **arg)
{
	if (strcasecmp(*arg, "none") == 0) {
		*arg = "none";
		return NULL;
	}
	return strcmp(*arg, "default") == 0 ? NULL : config_check_path(r, a, arg);
}

/* In full, so that the settings say where it is. */
const char *config_check_metrics(const struct config_reader *r, struct arena *a,
				 const char **arg)
{
	char text[METRICS_ADDRESS_BYTES];
	struct sockaddr_storage at;
	const char *full;

	(void)r;
	if (strcasecmp(*arg, "none") == 0) {
		*arg = "none";
		return NULL;
	}
	if (metrics_address_read(*arg, &at) != OK)
		return "none, a port, ADDRESS:PORT or [ADDRESS]:PORT";
	full = arena_print(a, "%s", metrics_address_text(&at, text));
	if (full != NULL)
		*arg = full;
	return NULL;
}

#define IDENT_PREFIX "SSH-2.0-"

/* RFC 4253 4.2: printable US-ASCII, a comment after a space, 255 bytes with CR LF. */
const char *config_check_ident(const struct config_reader *r, struct arena *a,
			       const char **arg)
{
	static const char wanted[] = "SSH-2.0- and a name, in printable ASCII";
	size_t n = strlen(*arg);

	(void)r;
	(void)a;
	if (strncmp(*arg, IDENT_PREFIX, strlen(IDENT_PREFIX)) != 0 ||
	    n == strlen(IDENT_PREFIX) || (*arg)[strlen(IDENT_PREFIX)] == ' ')
		return wanted;
	if (n + strlen("\r\n") > LIMIT_IDENT_BYTES)
		return "a text of 253 bytes at most";
	for (size_t i = 0; i < n; i++)
		if ((*arg)[i] < ' ' || (*arg)[i] > '~')
			return wanted;
	return NULL;
}

const char *config_check_versions(const struct config_reader *r, struct arena *a,
				  const char **arg)
{
	struct span list = span_str(*arg), pattern;

	(void)r;
	(void)a;
	if (list.n == 0 || list.n > LIMIT_VERSIONS_BYTES)
		return "patterns divided by commas";
	while (names_next(&list, &pattern)) {
		if (pattern.n == 0)
			return "patterns divided by commas, none of them empty";
		for (size_t i = 0; i < pattern.n; i++)
			if (pattern.p[i] < ' ' || pattern.p[i] > '~')
				return "patterns of printable ASCII";
	}
	return NULL;
}

/* Whether there is one is seen now: those who need it have no files any more. */
const char *config_check_codepage(const struct config_reader *r, struct arena *a,
				  const char **arg)
{
	struct codepage *page = NULL;

	(void)r;
	(void)a;
	if (codepage_open(*arg, &page) != OK)
		return "a name that iconv -l prints, or the number of a code page that "
		       "the C library has,";
	codepage_free(page);
	return NULL;
}

/* A path begins where the gateway was started, also when it reloads from elsewhere. */
const char *config_check_path(const struct config_reader *r, struct arena *a,
			      const char **arg)
{
	const char *folder = r->options->folder == NULL ? "" : r->options->folder;
	const char *path;

	if ((*arg)[0] == '\0')
		return "a path";
	if ((*arg)[0] == '/')
		return NULL;
	path = arena_print(a, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, *arg);
	if (path != NULL)
		*arg = path;
	return NULL;
}

/* libpam looks at what stands behind the last slash only; that would surprise. */
const char *config_check_pam_service(const struct config_reader *r, struct arena *a,
				     const char **arg)
{
	size_t n = strlen(*arg);

	(void)r;
	(void)a;
	return n > 0 && n <= LIMIT_NAME_BYTES && strchr(*arg, '/') == NULL
		   ? NULL
		   : "the name of a file in /etc/pam.d";
}

const char *config_check_instruction(const struct config_reader *r, struct arena *a,
				     const char **arg)
{
	(void)r;
	(void)a;
	return strlen(*arg) <= LIMIT_INSTRUCTION_BYTES ? NULL : "a shorter text";
}

static bool method_known(struct span name)
{
	static const char *const methods[] = {"publickey",
					      "password",
					      "none",
					      "keyboard-interactive",
					      "keyboard-interactive:password",
					      "keyboard-interactive:prompts",
					      "keyboard-interactive:totp",
					      "keyboard-interactive:pam"};

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (span_is(name, methods[i]))
			return true;
	return false;
}

const char *config_check_methods(const struct config_reader *r, struct arena *a,
				 const char **arg)
{
	struct span list = span_str(*arg), name;

	(void)r;
	(void)a;
	if (strcmp(*arg, "any") == 0)
		return NULL;
	if (!names_valid(list) || list.n == 0)
		return "any or a list of methods divided by commas";
	while (names_next(&list, &name))
		if (!method_known(name))
			return "any or a list of publickey, password, "
			       "keyboard-interactive, "
			       "none";
	return NULL;
}

/* Gives the first % that none of letters follows; NULL: there is none. */
static const char *token_unknown(const char *text, const char *letters)
{
	for (const char *c = text; (c = strchr(c, '%')) != NULL; c += 2)
		if (c[1] == '\0' || strchr(letters, c[1]) == NULL)
			return c;
	return NULL;
}

const char *config_check_tokens(const struct config_reader *r, struct arena *a,
				const char **arg)
{
	(void)r;
	(void)a;
	if ((*arg)[0] == '\0')
		return "a path";
	return token_unknown(*arg, "%hUu") == NULL
		   ? NULL
		   : "a path with %h, %u, %U or %% in it";
}

const char *config_check_keys_command(const struct config_reader *r, struct arena *a,
				      const char **arg)
{
	(void)r;
	(void)a;
	return token_unknown(*arg, TOKENS_KEYS_COMMAND) == NULL
		   ? NULL
		   : "a word with %f, %h, %k, %t, %U, %u or %% in it";
}

const char *config_check_principals_command(const struct config_reader *r,
					    struct arena *a, const char **arg)
{
	(void)r;
	(void)a;
	return token_unknown(*arg, TOKENS_PRINCIPALS_COMMAND) == NULL
		   ? NULL
		   : "a word with %F, %f, %h, %i, %K, %k, %s, %T, %t, %U, %u or %% in "
		     "it";
}

const char *config_check_pubkey_option(const struct config_reader *r, struct arena *a,
				       const char **arg)
{
	(void)r;
	(void)a;
	return strcmp(*arg, "none") == 0 || strcmp(*arg, "touch-required") == 0 ||
		       strcmp(*arg, "verify-required") == 0
		   ? NULL
		   : "none, touch-required or verify-required";
}

const char *config_check_user(const struct config_reader *r, struct arena *a,
			      const char **arg)
{
	(void)r;
	(void)a;
	if ((*arg)[0] == '\0' || (*arg)[0] == '@')
		return "USER or USER@HOST";
	return match_user_valid(*arg) == OK
		   ? NULL
		   : "USER@HOST, where a network is as 192.0.2.0/24, without bits "
		     "beyond the mask,";
}

/* Tells whether text is * or a port. */
static bool is_port(const char *text)
{
	uint64_t n;

	return strcmp(text, "*") == 0 ||
	       (config_read_number(text, UINT16_MAX, &n) && n != 0);
}

/* host:port or [host]:port; an IPv6 address without brackets could be read in two ways. */
static bool is_host_port(const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - text);

	if (n == 0 || n > LIMIT_HOST_BYTES || !is_port(colon + 1))
		return false;
	if (text[0] == '[')
		return n > 2 && text[n - 1] == ']';
	return memchr(text, ':', n) == NULL;
}

const char *config_check_permit_open(const struct config_reader *r, struct arena *a,
				     const char **arg)
{
	(void)r;
	(void)a;
	if (strcmp(*arg, "any") == 0 || strcmp(*arg, "none") == 0 || is_host_port(*arg))
		return NULL;
	return "any, none, host:port or [address]:port, of which * may be either,";
}

const char *config_check_permit_listen(const struct config_reader *r, struct arena *a,
				       const char **arg)
{
	const char *full;

	if (!is_port(*arg) || strcmp(*arg, "*") == 0)
		return config_check_permit_open(r, a, arg) == NULL
			   ? NULL
			   : "any, none, port, host:port or [address]:port";
	full = arena_print(a, "*:%s", *arg);
	if (full != NULL)
		*arg = full;
	return NULL;
}

const char *config_check_env_name(const struct config_reader *r, struct arena *a,
				  const char **arg)
{
	(void)r;
	(void)a;
	return (*arg)[0] != '\0' && strchr(*arg, '=') == NULL
		   ? NULL
		   : "the name of a variable, or a pattern,";
}

const char *config_check_env_pair(const struct config_reader *r, struct arena *a,
				  const char **arg)
{
	const char *equals = strchr(*arg, '=');

	(void)r;
	(void)a;
	return equals != NULL && equals != *arg ? NULL : "NAME=VALUE";
}

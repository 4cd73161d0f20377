/*
 * Property: what a configuration prints is a configuration that prints the same, for
 * everybody and for one connection; and what is refused is refused with a reason.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Loads text through a file that exists in memory only. */
static struct config *load(const void *text, size_t n)
{
	struct options o = {0};
	struct config_errors errs = {0};
	struct config *c = NULL;
	char path[64];
	int fd = memfd_create("config", 0);
	enum err e;

	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fchmod(fd, 0600) != 0)
		abort();
	o.config_file = path;
	e = config_load(&o, &c, &errs);
	if ((e == OK) != (errs.fatal == 0) || (e == OK) != (c != NULL))
		abort();
	config_errors_wipe(&errs);
	close(fd);
	return c;
}

static char *print(const struct settings *s, size_t *n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, n);

	if (f == NULL)
		abort();
	config_print(f, s);
	if (fclose(f) != 0)
		abort();
	return text;
}

static void survives(const struct settings *s)
{
	size_t n, n_again;
	char *text = print(s, &n), *again;
	struct config *c = load(text, n);

	if (c == NULL)
		abort();
	again = print(config_settings(c), &n_again);
	if (n != n_again || memcmp(text, again, n) != 0)
		abort();
	free(text);
	free(again);
	config_unref(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *groups[] = {"users"};
	static const struct strlist in = {groups, 1};
	static const struct match_facts facts = {.user = "a",
						 .groups = &in,
						 .host = "h",
						 .address = "10.0.0.1",
						 .local_address = "::1",
						 .local_port = 22};
	struct config *c;
	struct settings s;

	/* an Include would read what happens to be on this machine */
	for (size_t i = 0; i + 7 <= n; i++)
		if (strncasecmp((const char *)data + i, "include", 7) == 0)
			return 0;
	c = load(data, n);
	if (c == NULL)
		return 0;
	survives(config_settings(c));
	if (config_match(c, &facts, &s) == OK)
		survives(&s);
	config_unref(c);
	return 0;
}

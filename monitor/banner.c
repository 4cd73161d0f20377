/*
 * Banner files. All are read when the configuration is: never in a connection's way.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/banner.h"

struct banner {
	char *path;
	uint8_t text[LIMIT_BANNER_BYTES];
	size_t n;
	struct banner *next;
};

static struct banner *banner_read(const char *path)
{
	struct banner *b = calloc(1, sizeof *b);
	FILE *f;

	if (b == NULL || (b->path = strdup(path)) == NULL) {
		free(b);
		return NULL;
	}
	f = fopen(path, "re");
	if (f == NULL) {
		log_error("Banner %s cannot be read: nothing is shown", path);
		return b;
	}
	b->n = fread(b->text, 1, sizeof b->text, f);
	if (b->n == sizeof b->text)
		log_error("Banner %s is cut at %d bytes", path, LIMIT_BANNER_BYTES);
	(void)fclose(f);
	return b;
}

static struct banner *banner_find(const struct monitor *m, const char *path)
{
	struct banner *b = m->banners;

	while (b != NULL && strcmp(b->path, path) != 0)
		b = b->next;
	return b;
}

static void banner_add(void *ctx, const char *path)
{
	struct monitor *m = ctx;
	struct banner *b;

	if (banner_find(m, path) != NULL || (b = banner_read(path)) == NULL)
		return;
	b->next = m->banners;
	m->banners = b;
}

void banners_load(struct monitor *m)
{
	banners_forget(m);
	config_each_path(m->config, offsetof(struct settings, banner), banner_add, m);
}

struct span banner_get(const struct monitor *m, const char *path)
{
	const struct banner *b = path != NULL ? banner_find(m, path) : NULL;

	return b != NULL ? (struct span){b->text, b->n} : (struct span){0};
}

void banners_forget(struct monitor *m)
{
	struct banner *b;

	while ((b = m->banners) != NULL) {
		m->banners = b->next;
		free(b->path);
		free(b);
	}
}

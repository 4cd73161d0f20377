/*
 * Banner files. One read for each path, at its first use: not in every connection's way.
 */
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

struct span banner_get(struct monitor *m, const char *path)
{
	struct banner *b = m->banners;

	if (path == NULL)
		return (struct span){0};
	while (b != NULL && strcmp(b->path, path) != 0)
		b = b->next;
	if (b == NULL) {
		b = banner_read(path);
		if (b == NULL)
			return (struct span){0};
		b->next = m->banners;
		m->banners = b;
	}
	return (struct span){b->text, b->n};
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

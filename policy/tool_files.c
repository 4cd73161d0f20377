/*
 * Files of the operator's: scripts as a whole, folders of fixtures.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/tool.h"

static const char suffix[] = ".json";

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err keep(struct files *f, char *path)
{
	char **grown = realloc(f->path, (f->n + 1) * sizeof *grown);

	if (path == NULL || grown == NULL) {
		free(path);
		f->path = grown != NULL ? grown : f->path;
		return ERR_MEMORY;
	}
	f->path = grown;
	f->path[f->n++] = path;
	return OK;
}

static bool is_fixture(const char *name)
{
	size_t n = strlen(name);

	return *name != '.' && n >= sizeof suffix &&
	       strcmp(name + n - (sizeof suffix - 1), suffix) == 0;
}

static enum err add_folder(struct files *f, const char *path, DIR *dir)
{
	size_t first = f->n;
	const struct dirent *d;
	enum err e = OK;
	char *file;

	while (e == OK && (d = readdir(dir)) != NULL) {
		if (is_fixture(d->d_name))
			e = asprintf(&file, "%s/%s", path, d->d_name) < 0
				? ERR_MEMORY
				: keep(f, file);
	}
	if (f->n > first)
		qsort(f->path + first, f->n - first, sizeof *f->path, by_name);
	return e;
}

enum err files_add(struct files *f, const char *path)
{
	DIR *dir = opendir(path);
	enum err e;

	if (dir == NULL && errno != ENOTDIR)
		return ERR_FILE;
	if (dir == NULL)
		return keep(f, strdup(path));
	e = add_folder(f, path, dir);
	(void)closedir(dir);
	return e;
}

void files_wipe(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->path[i]);
	free(f->path);
	*f = (struct files){0};
}

void json_print(FILE *out, json_t *v)
{
	char *text = v != NULL ? json_dumps(v, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;

	(void)fputs(text != NULL ? text : "nothing", out);
	free(text);
}

/*
 * A folder of key files for one test: copies of tests/vectors/keys with a mode of their own.
 */
#ifndef TESTS_MONITOR_KEYS_KEYS_H
#define TESTS_MONITOR_KEYS_KEYS_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/authkeys.h"
#include "common/limits.h"
#include "monitor/keys/hostkey.h"
#include "tests/keep.h"

static char keys_folder[64];

static inline void keys_setup(void)
{
	(void)snprintf(keys_folder, sizeof keys_folder, "/tmp/sallyport-keys-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(keys_folder));
}

static inline void keys_teardown(void)
{
	char command[128];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", keys_folder);
	ck_assert_int_eq(system(command), 0);
}

/* Gives the path of a name in the folder; good until the eighth call from now. */
static inline const char *keys_path(const char *name)
{
	static char paths[8][256];
	static size_t next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof paths[0], "%s/%s", keys_folder, name);
	return path;
}

static inline const char *keys_write(const char *name, struct span content,
				     unsigned mode)
{
	const char *path = keys_path(name);
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(content.p, 1, content.n, f), content.n);
	ck_assert_int_eq(fchmod(fileno(f), mode), 0);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

/* Reads a vector; it stays in memory until the test's process ends. */
static inline struct span keys_vector(const char *name)
{
	uint8_t *p = keep(LIMIT_KEY_FILE_BYTES);
	char path[256];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "tests/vectors/keys/%s", name);
	f = fopen(path, "re");
	ck_assert_msg(f != NULL, "cannot open %s", path);
	n = fread(p, 1, LIMIT_KEY_FILE_BYTES, f);
	(void)fclose(f);
	return (struct span){p, n};
}

/* Copies a vector into the folder. */
static inline const char *keys_copy(const char *name)
{
	return keys_write(name, keys_vector(name), 0600);
}

/* Gives the public blob of a vector, as its .pub (or -cert.pub) file has it. */
static inline struct span keys_blob(const char *name)
{
	uint8_t *store = keep(LIMIT_PK_BLOB_BYTES);
	struct span text = keys_vector(name), first;
	struct authkey_line line;

	ck_assert(authkeys_next(&text, &first));
	ck_assert_int_eq(authkeys_line(first, store, LIMIT_PK_BLOB_BYTES, &line), OK);
	return line.blob;
}

/* Loads a key file that needs no more than its name. */
static inline enum err keys_load(const char *path, struct hostkey *out,
				 struct keyfile_note *why)
{
	return hostkey_load(&(struct store_source){.name = path}, NULL, out, why);
}

#endif

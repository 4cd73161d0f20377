/*
 * What a login helper is given by the client, through worker and monitor: terminal modes, environment, names of
 * signals; and by users: authorized_keys files. The first byte chooses.
 *   - modes: all or nothing; the same modes twice are the same as once; what has no opcode stays
 *   - environment: name=value, each name once, the last value counts; bounded
 *   - key files: the answer is triples to its end, its blobs parse, notes are bounded
 *   - patterns of key files: no path but below / or home, no NUL, bounded
 */
#include <sys/mman.h>
#include <unistd.h>

#include "common/pk.h"
#include "monitor/login/login.h"
#include "tests/fuzz/fuzz.h"

/* glibc's own mark in c_iflag for an input speed of 0, which tcsetattr(3) takes off */
#define GLIBC_IBAUD0 020000000000

static bool same_termios(const struct termios *a, const struct termios *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void modes(struct span in)
{
	struct termios t = {.c_cflag = CS8 | B9600}, once, twice;
	const tcflag_t never_i =
	    ~(tcflag_t)(IGNPAR | PARMRK | INPCK | ISTRIP | INLCR | IGNCR | ICRNL |
			IUCLC | IXON | IXANY | IXOFF | IMAXBEL | IUTF8 | GLIBC_IBAUD0);

	once = t;
	if (modes_apply(in, &once) != OK) {
		expect(same_termios(&t, &once));
		return;
	}
	twice = once;
	expect(modes_apply(in, &twice) == OK && same_termios(&once, &twice));
	expect((once.c_iflag & never_i) == 0);
	expect((once.c_cflag & (CREAD | CLOCAL | HUPCL)) == 0);
	expect(once.c_cc[VMIN] == 0 && once.c_cc[VTIME] == 0);
}

/* The value that the last pair without a NUL gives name. */
static void expect_last(struct span pairs, const char *name, const char *value)
{
	struct rd r = RD(pairs);
	struct span n, v, last = {0};

	while (r.left.n > 0) {
		n = rd_bytes(&r, LIMIT_ENV_BYTES);
		v = rd_bytes(&r, LIMIT_ENV_BYTES);
		if (span_is(n, name) && (v.n == 0 || memchr(v.p, 0, v.n) == NULL))
			last = v;
	}
	expect(span_is(last, value));
}

static void environment(struct span in)
{
	struct env e = {0};
	char *name;

	if (env_request(&e, in) == OK) {
		expect(e.n <= LIMIT_ENV_COUNT);
		for (size_t i = 0; i < e.n; i++) {
			char *equals = strchr(e.vars[i], '=');

			expect(equals != NULL && equals > e.vars[i]);
			name = strndup(e.vars[i], (size_t)(equals - e.vars[i]));
			expect(env_get(&e, name) == equals + 1); /* each name once */
			if (e.n < LIMIT_ENV_COUNT)
				expect_last(in, name, equals + 1);
			free(name);
		}
		expect(e.vars == NULL || e.vars[e.n] == NULL);
	}
	env_wipe(&e);
}

static void signals(struct span in)
{
	int number = signal_number(in);

	expect(number == 0 || span_is(in, signal_name(number)));
}

static void key_file(struct span in)
{
	static uint8_t keys[LIMIT_KEYS_BYTES], text[LIMIT_LOG_BYTES];
	struct wr w = WR(keys), notes = WR(text);
	struct rd r;
	int fd = memfd_create("keys", 0);

	expect(fd >= 0 && write(fd, in.p, in.n) == (ssize_t)in.n &&
	       lseek(fd, 0, SEEK_SET) == 0);
	expect(keyfile_read(fd, "file", keyfile_lines, &w, &notes) == OK);
	close(fd);
	expect(w.err == OK && notes.n <= sizeof text);
	r = RD(((struct span){w.p, w.n}));
	while (r.left.n > 0) {
		struct span blob = rd_bytes(&r, LIMIT_PK_BLOB_BYTES), type;

		(void)rd_bytes(&r, LIMIT_KEYS_LINE_BYTES);
		expect(rd_bytes(&r, LIMIT_KEYS_LINE_BYTES).n > 0 && rd_ok(&r));
		expect(pk_blob_type(blob, &type) == OK);
	}
	expect(rd_end(&r) == OK);
}

static void principals(struct span in)
{
	static uint8_t names[LIMIT_PRINCIPALS_BYTES], text[LIMIT_LOG_BYTES];
	struct wr w = WR(names), notes = WR(text);
	struct rd r;

	principals_lines(in, "file", &w, &notes);
	expect(w.err == OK && notes.n <= sizeof text);
	r = RD(((struct span){w.p, w.n}));
	while (r.left.n > 0) {
		struct span name = rd_bytes(&r, LIMIT_KEYS_LINE_BYTES);

		expect(name.n > 0 && memchr(name.p, ' ', name.n) == NULL);
		(void)rd_bytes(&r, LIMIT_KEYS_LINE_BYTES);
		expect(rd_bytes(&r, LIMIT_KEYS_LINE_BYTES).n > 0 && rd_ok(&r));
	}
	expect(rd_end(&r) == OK);
}

static void pattern(struct span in)
{
	const struct keyfile_rule rule = {.user = "alice", .uid = 7, .home = "/home/a"};
	const struct keyfile_rule homeless = {.user = "alice", .uid = 7};
	char path[LIMIT_FILE_PATH_BYTES];

	if (keyfile_expand(in, &rule, path) == OK) {
		expect(path[0] == '/' && strlen(path) < sizeof path);
		expect(memchr(in.p, 0, in.n) == NULL);
		expect(in.p[0] == '/' || in.p[0] == '%' ||
		       strncmp(path, "/home/a/", 8) == 0);
	}
	if (keyfile_expand(in, &homeless, path) == OK)
		expect(path[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const parts[])(struct span) = {modes,    environment, signals,
						     key_file, pattern,     principals};
	struct span in;

	if (n == 0)
		return 0;
	in = block_of((struct span){data + 1, n - 1});
	parts[data[0] % (sizeof parts / sizeof *parts)](in);
	block_free(in);
	return 0;
}

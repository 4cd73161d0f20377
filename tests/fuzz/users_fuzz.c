/*
 * What the operator says outside of the configuration file: the users file and the command line. An even first
 * byte: a users file; each user that it names is found, once, and what was read is read again when written.
 * An odd one: arguments; what is taken was given, and a refusal says why.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/auth/users.h"
#include "monitor/options.h"
#include "tests/fuzz/fuzz.h"

#define ARGUMENTS 24

/* ---- users ---- */

static enum err load(struct span text, struct users *out, struct keyfile_note *note)
{
	char path[64];
	int fd = memfd_create("users", 0);
	enum err e;

	expect(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n &&
	       fchmod(fd, 0600) == 0);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	e = users_load(path, out, note);
	close(fd);
	return e;
}

static void put_totp(struct wr *w, const struct user_totp *t)
{
	static const char *const names[DIGEST_COUNT] = {[DIGEST_SHA1] = "SHA1",
							[DIGEST_SHA256] = "SHA256",
							[DIGEST_SHA512] = "SHA512"};
	char text[64];

	(void)snprintf(text, sizeof text, ",digits=%u,period=%u,algorithm=%s",
		       (unsigned)t->digits, (unsigned)t->period_s, names[t->digest]);
	wr_raw(w, SPAN_LIT(":totp="));
	wr_raw(w, t->secret);
	wr_raw(w, span_str(text));
}

static bool totp_same(const struct user_totp *a, const struct user_totp *b)
{
	return span_equal(a->secret, b->secret) && a->digits == b->digits &&
	       a->period_s == b->period_s && a->digest == b->digest;
}

static void put_user(struct wr *w, const struct user_entry *u)
{
	wr_raw(w, u->name);
	wr_u8(w, ':');
	wr_raw(w, u->locked ? SPAN_LIT("!") : u->hash);
	if (u->has_account || u->totp.secret.n > 0)
		wr_u8(w, ':');
	if (u->has_account)
		wr_raw(w, u->account);
	if (u->totp.secret.n > 0)
		put_totp(w, &u->totp);
	wr_u8(w, '\n');
}

static void check_user(const struct users *all, size_t i)
{
	const struct user_entry *u = &all->entry[i];
	struct span file = {all->file.p, all->file.n};
	uint8_t store[LIMIT_TOTP_SECRET_BYTES];
	struct wr secret = WR(store);
	char code[LIMIT_TOTP_DIGITS + 1];
	struct totp t;

	expect(span_inside(u->name, file) && span_inside(u->hash, file) &&
	       span_inside(u->account, file));
	expect(u->name.n > 0 && u->account.n > 0 && (u->locked || u->hash.n > 0));
	expect(memchr(u->name.p, ':', u->name.n) == NULL &&
	       memchr(u->name.p, '\n', u->name.n) == NULL);
	expect(users_find(all, u->name) == u);
	if (u->totp.secret.n > 0)
		expect(span_inside(u->totp.secret, file) &&
		       users_totp(u, &secret, &t) == OK &&
		       totp_code(&t, 1, code) == OK);
}

static void written_again(const struct users *a)
{
	struct wr w = {.cap = a->n * 1100 + 1};
	struct users b = {0};
	struct keyfile_note note;

	w.p = malloc(w.cap);
	expect(w.p != NULL);
	for (size_t i = 0; i < a->n; i++)
		put_user(&w, &a->entry[i]);
	/* a name that begins with # was not read as a comment, so none does */
	expect(w.err == OK && load((struct span){w.p, w.n}, &b, &note) == OK);
	expect(a->n == b.n);
	for (size_t i = 0; i < a->n; i++)
		expect(span_equal(a->entry[i].name, b.entry[i].name) &&
		       span_equal(a->entry[i].hash, b.entry[i].hash) &&
		       span_equal(a->entry[i].account, b.entry[i].account) &&
		       a->entry[i].locked == b.entry[i].locked &&
		       a->entry[i].has_account == b.entry[i].has_account &&
		       totp_same(&a->entry[i].totp, &b.entry[i].totp));
	free(w.p);
	users_wipe(&b);
}

static void users(struct span text)
{
	struct users u = {0};
	struct keyfile_note note = {0};

	if (load(text, &u, &note) != OK) {
		expect(note.text[0] != '\0' && u.entry == NULL && u.file.p == NULL);
		return;
	}
	for (size_t i = 0; i < u.n; i++)
		check_user(&u, i);
	expect(users_find(&u, SPAN_LIT("no such")) == NULL);
	written_again(&u);
	users_wipe(&u);
}

/* ---- arguments ---- */

static bool given(const char *value, char *const argv[])
{
	for (; *argv != NULL; argv++)
		if (value >= *argv && value <= *argv + strlen(*argv))
			return true;
	return false;
}

static void check_options(const struct options *o, char *const argv[])
{
	const char *const facts[] = {o->facts.user, o->facts.host, o->facts.address,
				     o->facts.local_address};
	bool spec;

	expect(o->n_settings <= LIMIT_OPTIONS && o->n_specs <= LIMIT_OPTIONS);
	expect(o->facts_given == (o->n_specs > 0));
	expect(!o->facts_given || o->action == ACTION_PRINT);
	for (size_t i = 0; i < 4; i++) {
		spec = facts[i] == NULL;
		for (size_t k = 0; k < o->n_specs; k++)
			spec |= o->facts_given && facts[i] > o->spec[k] &&
				strchr(facts[i], ',') == NULL;
		expect(spec);
	}
	for (size_t i = 0; i < o->n_settings; i++)
		expect(o->setting[i].flag != NULL && o->setting[i].value != NULL &&
		       (given(o->setting[i].value, argv) ||
			o->setting[i].keyword != NULL));
	expect(given(o->config_file, argv) ||
	       strcmp(o->config_file, OPTIONS_CONFIG_FILE) == 0);
}

static void arguments(struct span in)
{
	char *text = text_of(in), *at = text, *mark = NULL;
	char *argv[ARGUMENTS + 2] = {"sallyportd"}, *kept[ARGUMENTS + 2] = {0};
	struct options o = {0};
	struct options_refusal why = {0};
	int argc = 1;

	for (at = strtok_r(text, "\n", &mark); at != NULL && argc <= ARGUMENTS;
	     at = strtok_r(NULL, "\n", &mark))
		argv[argc++] = at;
	memcpy(kept, argv, sizeof kept);
	if (options_parse(argc, argv, &o, &why) == OK)
		check_options(&o, kept);
	else
		expect(why.text[0] != '\0' && o.n_specs == 0);
	options_wipe(&o);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n > 0)
		(data[0] % 2 == 0 ? users : arguments)((struct span){data + 1, n - 1});
	return 0;
}

/* The built login master and its helpers: accounts, passwords, unix sockets. */
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/monitor/login/people.h"

static struct hand hand;
static struct person person;

/* "secret", by a method that is quick to compute */
static const char hash_secret[] =
    "$5$rounds=1000$saltsalt$DpZ1xyDGFUDXHYa4xpUUmV7EwWOEuv1VyiVZAyYwzc1";
static const char key_line[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f "
    "me\n";

static void start(const char *hash, const char *days)
{
	hand = (struct hand){0};
	person = person_make(hash, days);
	hand_start(&hand, "sallyport-login", geteuid() == 0 ? "nobody" : NULL);
	hand_recv(&hand, hand.sock, MSG_fork_ready);
}

static void setup(void)
{
	struct crypt_data data = {0};

	start(crypt_r("secret", hash_secret, &data), "19000::::::");
}

static void teardown(void)
{
	hand_end(&hand);
	remove_home(&person);
}

/* Takes the master's word that the child ended well. */
static void expect_ended(uint32_t child, int status)
{
	hand_recv(&hand, hand.sock, MSG_fork_ended);
	ck_assert_uint_eq(hand.m.u.fork_ended.child, child);
	ck_assert_uint_eq(hand.m.u.fork_ended.status, (uint32_t)status);
}

START_TEST(master_reports_how_each_child_ended)
{
	int a = helper_start(&hand, 11);
	int b = helper_start(&hand, 12);

	close(b);
	expect_ended(12, 0);
	close(a);
	expect_ended(11, 0);
}
END_TEST

START_TEST(master_kills_and_retires_as_told)
{
	struct msg kill_it = MSG_OF(fork_kill, .child = 21);
	struct msg retire = MSG_OF(fork_retire, .reason = 0);
	int a = helper_start(&hand, 21);
	int b = helper_start(&hand, 22);
	int c;

	hand_send(hand.sock, &kill_it);
	expect_ended(21, SIGKILL);
	hand_send(hand.sock, &retire);
	c = helper_start(&hand, 23);
	expect_ended(23, EXIT_FAILURE << 8); /* no more forks */
	close(b);
	expect_ended(22, 0);
	ck_assert(!hand_quiet(hand.sock, HAND_WAIT_MS)); /* and now it is gone */
	close(a);
	close(c);
}
END_TEST

START_TEST(helper_refuses_messages_that_are_no_request)
{
	struct msg m = MSG_OF(login_signal, .signal = SPAN_LIT("TERM"));
	int sock = helper_ask(&hand, &m);

	expect_ended(1, EXIT_FAILURE << 8);
	close(sock);
}
END_TEST

static void find(const char *user, const char *pattern, bool strict, bool virtual)
{
	uint8_t store[4096];
	struct wr files = WR(store);
	struct msg m = MSG_OF(account_find, .user = span_str(user), .strict = strict,
			      .virtual = virtual);
	int sock;

	wr_str(&files, pattern);
	m.u.account_find.files = (struct span){store, files.n};
	sock = helper_ask(&hand, &m);
	helper_recv(&hand, sock, MSG_account_found);
	close(sock);
}

static bool has_string(struct span list, const char *text)
{
	struct rd r = RD(list);
	bool has = false;

	while (r.left.n > 0 && rd_ok(&r))
		has = span_is(rd_bytes(&r, LIMIT_KEYS_LINE_BYTES), text) || has;
	ck_assert_int_eq(rd_end(&r), OK);
	return has;
}

static void put_keys(const char *name, uid_t owner)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/%s", person.home, name);
	write_file(path, key_line, 0600);
	ck_assert_int_eq(chown(path, owner, (gid_t)-1), 0);
}

START_TEST(account_find_tells_who_it_is_and_which_keys)
{
	char pattern[PATH_MAX + 32], where[PATH_MAX + 64];
	const struct msg_account_found *f = &hand.m.u.account_found;

	put_keys("keys", person.uid);
	snprintf(pattern, sizeof pattern, "%s/keys", person.home);
	snprintf(where, sizeof where, "%s/keys:1", person.home);
	find(person.name, person.own ? "keys" : pattern, person.own, false);
	ck_assert_uint_eq(f->found, 1);
	ck_assert_uint_eq(f->uid, person.uid);
	ck_assert_uint_gt(f->home.n, 0);
	ck_assert_uint_gt(f->shell.n, 0);
	if (person.own)
		ck_assert(has_string(f->groups, "tess") &&
			  has_string(f->groups, "tessfriends"));
	ck_assert_msg(has_string(f->keys, where), "notes: %.*s", (int)f->notes.n,
		      (const char *)f->notes.p);
}
END_TEST

START_TEST(account_find_reads_with_the_rights_of_the_user)
{
	char pattern[PATH_MAX + 32];

	if (!person.own)
		return; /* one's own files can always be read: see tests/untested.txt */
	put_keys("roots", 0);
	snprintf(pattern, sizeof pattern, "%s/roots", person.home);
	find(person.name, pattern, false, false);
	ck_assert_uint_eq(hand.m.u.account_found.found, 1);
	ck_assert_uint_eq(hand.m.u.account_found.keys.n, 0);
	ck_assert_uint_gt(hand.m.u.account_found.notes.n, 0);
}
END_TEST

/* Runs what list (divided by |) says as person; the first word is the program. */
static const struct msg_command_ran *run_command(const char *list, uint8_t kind)
{
	uint8_t store[1024];
	struct wr argv = WR(store);
	struct msg m = MSG_OF(command_run, .user = span_str(person.name), .kind = kind);
	int sock;

	for (size_t n; *list != '\0'; list += n + (list[n] == '|' ? 1 : 0)) {
		n = strcspn(list, "|");
		wr_bytes(&argv, (struct span){(const uint8_t *)list, n});
	}
	m.u.command_run.argv = (struct span){store, argv.n};
	sock = helper_ask(&hand, &m);
	helper_recv(&hand, sock, MSG_command_ran);
	close(sock);
	return &hand.m.u.command_ran;
}

START_TEST(command_run_lists_what_a_program_prints)
{
	const struct msg_command_ran *ran;

	ran = run_command("/bin/echo|no-pty a; b $HOME\nops", COMMAND_PRINCIPALS);
	ck_assert_msg(has_string(ran->listed, "$HOME"), "notes: %.*s",
		      (int)ran->notes.n, (const char *)ran->notes.p);
	ck_assert(has_string(ran->listed, "no-pty a; b"));
	ck_assert(has_string(ran->listed, "/bin/echo:2"));
	ran = run_command("/bin/echo|nonsense", COMMAND_KEYS);
	ck_assert_uint_eq(ran->listed.n, 0);
	ck_assert_uint_gt(ran->notes.n, 0);
}
END_TEST

START_TEST(command_run_says_why_a_program_lists_nothing)
{
	static const char *const bad[][2] = {
	    {"/bin/false",            "ended with status 1" },
	    {"/bin/sh|-c|kill -9 $$", "ended with signal 9" },
	    {"/nonexistent",          "No such file"        },
	    {"echo",                  "not an absolute path"},
	    {"/tmp",                  "not a program"       },
	    {"/etc/passwd",           "not a program"       },
	    {"",		      "field outside"       },
	};
	const struct msg_command_ran *ran = run_command(bad[_i][0], COMMAND_KEYS);

	ck_assert_uint_eq(ran->listed.n, 0);
	ck_assert_msg(
	    memmem(ran->notes.p, ran->notes.n, bad[_i][1], strlen(bad[_i][1])) != NULL,
	    "%.*s", (int)ran->notes.n, (const char *)ran->notes.p);
}
END_TEST

START_TEST(command_run_runs_nothing_that_others_could_change)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/program", person.home);
	write_file(path, "#!/bin/sh\necho never\n", 0777);
	ck_assert_int_eq(chmod(path, 0777), 0);
	run_command(path, COMMAND_PRINCIPALS);
	ck_assert_uint_eq(hand.m.u.command_ran.listed.n, 0);
	ck_assert_ptr_nonnull(memmem(hand.m.u.command_ran.notes.p,
				     hand.m.u.command_ran.notes.n, "bad owner or modes",
				     18));
}
END_TEST

START_TEST(account_find_finds_nobody_by_names_that_are_none)
{
	static const char *const names[] = {"", "no-such-user-here", "../root", ".",
					    "a/b"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		find(names[i], "/etc/%u", false, false);
		ck_assert_uint_eq(hand.m.u.account_found.found, 0);
		ck_assert_uint_eq(hand.m.u.account_found.keys.n, 0);
	}
}
END_TEST

START_TEST(account_find_gives_virtual_users_their_keys)
{
	char pattern[PATH_MAX + 32];

	put_keys("robot", geteuid());
	snprintf(pattern, sizeof pattern, "%s/%%u", person.home);
	find("robot", pattern, false, true);
	ck_assert_uint_eq(hand.m.u.account_found.found, 1);
	ck_assert_uint_eq(hand.m.u.account_found.uid, UINT32_MAX);
	ck_assert_uint_eq(hand.m.u.account_found.home.n, 0);
	ck_assert_uint_gt(hand.m.u.account_found.keys.n, 0);
	find("../robot", pattern, false, true);
	ck_assert_uint_eq(hand.m.u.account_found.found, 0);
	find("robot", "keys", false, true); /* there is no home to look in */
	ck_assert_uint_eq(hand.m.u.account_found.keys.n, 0);
}
END_TEST

/* Asks; gives the verdict. The text is in hand. */
static bool check(const char *user, const char *password, const char *hash, bool empty)
{
	struct msg m = MSG_OF(password_check, .user = span_str(user),
			      .password = span_str(password), .source = hash != NULL,
			      .hash = span_str(hash), .permit_empty = empty);
	int sock = helper_ask(&hand, &m);

	helper_recv(&hand, sock, MSG_password_checked);
	close(sock);
	return hand.m.u.password_checked.ok != 0;
}

START_TEST(password_check_compares_with_a_hash)
{
	struct crypt_data data = {0};
	char hash[CRYPT_OUTPUT_SIZE];

	snprintf(hash, sizeof hash, "%s", crypt_r("secret", hash_secret, &data));
	ck_assert(check("x", "secret", hash, false));
	ck_assert(!check("x", "Secret", hash, false));
	ck_assert(!check("x", "", hash, true));
	ck_assert(!check("x", "secret", "", true));
	ck_assert(!check("x", "*", "*", true));
	ck_assert(!check("x", "secret", "!$5$locked", false));
	ck_assert(!check("x", "secret", "rubbish:", false));
	ck_assert_uint_gt(hand.m.u.password_checked.text.n, 0);
}
END_TEST

START_TEST(password_check_takes_the_systems_own_method)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = calloc(1, sizeof *data);

	ck_assert_ptr_nonnull(
	    crypt_gensalt_rn(NULL, 0, NULL, 0, setting, sizeof setting));
	ck_assert_ptr_nonnull(crypt_r("secret", setting, data));
	ck_assert(check("x", "secret", data->output, false));
	ck_assert(!check("x", "other", data->output, false));
	free(data);
}
END_TEST

START_TEST(password_check_asks_the_account_database)
{
	ck_assert(!check("no-such-user-here", "secret", NULL, false));
	ck_assert(!check(person.name, "wrong", NULL, false));
	if (geteuid() != 0) { /* the shadow file is out of reach, and it says so */
		char text[LIMIT_TEXT_BYTES + 1];

		ck_assert_int_eq(
		    bytes_to_str(text, sizeof text, hand.m.u.password_checked.text),
		    OK);
		/* nss-systemd makes up a locked entry for nobody */
		ck_assert_msg(strstr(text, "root") != NULL ||
				  strcmp(person.name, "nobody") == 0,
			      "%s", text);
		return;
	}
	if (person.own)
		ck_assert(check(person.name, "secret", NULL, false));
}
END_TEST

/* Each a shadow entry, and whether it lets in. */
static const struct {
	const char *hash, *days, *password;
	bool permit_empty, ok;
} shadow_rows[] = {
    {"",      "19000::::::",        "",       true,  true },
    {"",      "19000::::::",        "",       false, false},
    {"",      "19000::::::",        "x",      true,  false},
    {"*",     "19000::::::",        "*",      true,  false},
    {"HASH",  "19000:::::1:",       "secret", false, false}, /* account expired */
    {"HASH",  "0::::::",            "secret", false, false}, /* to be changed at once */
    {"HASH",  "10000:0:90:7:::",    "secret", false, false}, /* password expired */
    {"HASH",  "10000:0:99999:7:::", "secret", false, true },
    {"!HASH", "19000::::::",        "secret", false, false},
};

START_TEST(password_check_judges_shadow_as_sshd)
{
	struct crypt_data data = {0};
	const char *made = crypt_r("secret", hash_secret, &data);
	const char *hash = shadow_rows[_i].hash;
	char given[CRYPT_OUTPUT_SIZE + 1];

	snprintf(given, sizeof given, "%s%s", hash[0] == '!' ? "!" : "",
		 strstr(hash, "HASH") != NULL ? made : hash);
	start(given, shadow_rows[_i].days);
	if (person.own)
		ck_assert_int_eq(check(person.name, shadow_rows[_i].password, NULL,
				       shadow_rows[_i].permit_empty),
				 shadow_rows[_i].ok);
	teardown();
}
END_TEST

static struct sockaddr_un at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof a.sun_path, "%.100s", path);
	return a;
}

static int unix_dial(const char *path)
{
	struct sockaddr_un a = at(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

START_TEST(unix_bind_listens_relays_and_tidies_up)
{
	char path[PATH_MAX + 16];
	struct msg m =
	    MSG_OF(unix_bind, .user = span_str(person.name), .mask = 0177, .unlink = 1);
	struct stat st;
	int sock, fd, peer;
	char c = 0;

	snprintf(path, sizeof path, "%s/sock", person.home);
	m.u.unix_bind.path = span_str(path);
	sock = helper_ask(&hand, &m);
	helper_recv(&hand, sock, MSG_unix_bound);
	ck_assert_msg(hand.m.u.unix_bound.ok == 1, "%.*s",
		      (int)hand.m.u.unix_bound.text.n,
		      (const char *)hand.m.u.unix_bound.text.p);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, person.uid);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	for (int i = 0; i < 3; i++) {
		fd = unix_dial(path);
		helper_recv(&hand, sock, MSG_login_incoming);
		ck_assert_uint_eq(hand.m.u.login_incoming.kind, INCOMING_UNIX);
		peer = ipc_fd_take(&hand.fds, 0);
		ck_assert_int_eq(write(fd, "x", 1), 1);
		ck_assert_int_eq(read(peer, &c, 1), 1);
		close(fd);
		close(peer);
	}
	close(sock);
	expect_ended(1, 0);
	ck_assert_int_ne(stat(path, &st), 0);
}
END_TEST

START_TEST(unix_bind_keeps_what_it_may_not_replace)
{
	char path[PATH_MAX + 16];
	struct msg m = MSG_OF(unix_bind, .user = span_str(person.name), .mask = 0177);
	int sock;

	snprintf(path, sizeof path, "%s/taken", person.home);
	write_file(path, "precious", 0600);
	m.u.unix_bind.path = span_str(path);
	sock = helper_ask(&hand, &m);
	helper_recv(&hand, sock, MSG_unix_bound);
	ck_assert_uint_eq(hand.m.u.unix_bound.ok, 0);
	ck_assert_uint_gt(hand.m.u.unix_bound.text.n, 0);
	ck_assert_int_eq(access(path, F_OK), 0);
	close(sock);
}
END_TEST

START_TEST(unix_connect_connects_as_the_account)
{
	char path[PATH_MAX + 16];
	struct msg m = MSG_OF(unix_connect, .user = span_str(person.name));
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;
	struct ucred who;
	socklen_t n = sizeof who;
	int sock, fd, peer;

	snprintf(path, sizeof path, "%s/server", person.home);
	a = at(path);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(server, 4), 0);
	ck_assert_int_eq(chmod(path, 0777), 0);
	m.u.unix_connect.path = span_str(path);
	sock = helper_ask(&hand, &m);
	helper_recv(&hand, sock, MSG_unix_connected);
	ck_assert_uint_eq(hand.m.u.unix_connected.ok, 1);
	fd = ipc_fd_take(&hand.fds, 0);
	peer = accept(server, NULL, NULL);
	ck_assert_int_eq(getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &n), 0);
	ck_assert_uint_eq(who.uid, person.uid);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	close(sock);
	close(fd);
	close(peer);
	close(server);
}
END_TEST

START_TEST(unix_connect_says_what_is_wrong)
{
	struct msg m = MSG_OF(unix_connect, .user = span_str(person.name),
			      .path = SPAN_LIT("/nonexistent/socket"));
	int sock = helper_ask(&hand, &m);

	helper_recv(&hand, sock, MSG_unix_connected);
	ck_assert_uint_eq(hand.m.u.unix_connected.ok, 0);
	ck_assert(span_is(hand.m.u.unix_connected.text,
			  "/nonexistent/socket: No such file or directory"));
	close(sock);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_main");
	TCase *t = tcase_create("login");
	TCase *shadow = tcase_create("shadow");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, master_reports_how_each_child_ended);
	tcase_add_test(t, master_kills_and_retires_as_told);
	tcase_add_test(t, helper_refuses_messages_that_are_no_request);
	tcase_add_test(t, account_find_tells_who_it_is_and_which_keys);
	tcase_add_test(t, account_find_reads_with_the_rights_of_the_user);
	tcase_add_test(t, command_run_lists_what_a_program_prints);
	tcase_add_loop_test(t, command_run_says_why_a_program_lists_nothing, 0, 7);
	tcase_add_test(t, command_run_runs_nothing_that_others_could_change);
	tcase_add_test(t, account_find_finds_nobody_by_names_that_are_none);
	tcase_add_test(t, account_find_gives_virtual_users_their_keys);
	tcase_add_test(t, password_check_compares_with_a_hash);
	tcase_add_test(t, password_check_takes_the_systems_own_method);
	tcase_add_test(t, password_check_asks_the_account_database);
	tcase_add_test(t, unix_bind_listens_relays_and_tidies_up);
	tcase_add_test(t, unix_bind_keeps_what_it_may_not_replace);
	tcase_add_test(t, unix_connect_connects_as_the_account);
	tcase_add_test(t, unix_connect_says_what_is_wrong);
	tcase_add_loop_test(shadow, password_check_judges_shadow_as_sshd, 0,
			    (int)(sizeof shadow_rows / sizeof shadow_rows[0]));
	suite_add_tcase(s, t);
	suite_add_tcase(s, shadow);
	return s;
}

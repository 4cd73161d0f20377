/* The worker's spine with stock clients: nursery, key exchange, login, a command; all in walls. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit.h"
#include "tests/worker/main_fake.h"

enum { CLIENT_MS = 60000, END_MS = 8000 };

static char dir[64];
static struct fake the;

/* A folder with a user key, thrown away at the end. */
static void folder_make(void)
{
	char command[256];

	(void)snprintf(dir, sizeof dir, "/tmp/sallyport-main-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(command, sizeof command,
		       "ssh-keygen -q -t ed25519 -N '' -f %s/id", dir);
	ck_assert_int_eq(system(command), 0);
}

static void folder_drop(void)
{
	char command[128];

	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void begin(const struct fake_options *o)
{
	folder_make();
	memset(&the, 0, sizeof the);
	fake_start(&the, o);
}

/* Nothing may be left: no worker, no nursery, and none of them may have died of a signal. */
static void end(void)
{
	ck_assert(fake_serve_all(&the, END_MS));
	ck_assert_uint_eq(the.crashes, 0);
	ck_assert(fake_end(&the));
	folder_drop();
}

/* Runs sh -c with $SSH a stock client that knows the way; gives its exit status. */
static int client(const char *script)
{
	char ssh[512], said[128];
	int status;
	pid_t pid;

	(void)snprintf(ssh, sizeof ssh,
		       "ssh -F none -p %u -i %s/id -o IdentitiesOnly=yes -o "
		       "StrictHostKeyChecking=no -o UserKnownHostsFile=%s/known -o "
		       "ControlPath=none tester@127.0.0.1",
		       the.port, dir, dir);
	pid = fork();
	if (pid == 0) {
		(void)snprintf(said, sizeof said, "%s/err", dir);
		if (freopen(said, "w", stderr) == NULL)
			_exit(127);
		setenv("SSH", ssh, 1);
		setenv("DIR", dir, 1);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	status = fake_serve_until(&the, pid, CLIENT_MS);
	ck_assert_msg(status >= 0, "the client did not end");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(ssh_logs_in_by_key_and_gets_output_and_exit_status)
{
	begin(&(struct fake_options){0});
	ck_assert_int_eq(client("out=$($SSH 'echo one two; exit 7'); s=$?; "
				"test \"$out\" = 'one two' && exit $s"),
			 7);
	end();
	ck_assert_uint_eq(the.logins, 1);
	ck_assert_uint_eq(the.exchanges, 1);
	ck_assert_int_eq(strncmp(the.version, "SSH-2.0-OpenSSH", 15), 0);
	ck_assert_ptr_nonnull(strstr(the.algorithms, "strict=yes"));
	ck_assert_ptr_nonnull(strstr(the.layers, "seccomp"));
}
END_TEST

static const char *const methods[] = {"sntrup761x25519-sha512@openssh.com",
				      "curve25519-sha256",
				      "ecdh-sha2-nistp256",
				      "ecdh-sha2-nistp384",
				      "ecdh-sha2-nistp521",
				      "diffie-hellman-group14-sha256",
				      "diffie-hellman-group16-sha512",
				      "diffie-hellman-group-exchange-sha256"};

START_TEST(ssh_exchanges_keys_by_every_method_it_has)
{
	char script[256], wanted[128];

	begin(&(struct fake_options){0});
	(void)snprintf(script, sizeof script,
		       "test \"$($SSH -o KexAlgorithms=%s 'echo ok')\" = ok",
		       methods[_i]);
	(void)snprintf(wanted, sizeof wanted, "kex=%s ", methods[_i]);
	ck_assert_int_eq(client(script), 0);
	end();
	ck_assert_ptr_nonnull(strstr(the.algorithms, wanted));
}
END_TEST

static const char *const ciphers[] = {"chacha20-poly1305@openssh.com",
				      "aes128-gcm@openssh.com",
				      "aes256-gcm@openssh.com",
				      "aes128-ctr",
				      "aes192-ctr",
				      "aes256-ctr"};

START_TEST(ssh_moves_data_both_ways_over_every_cipher_with_a_rekey_each_megabyte)
{
	char script[512], wanted[128];

	begin(&(struct fake_options){.rekey_bytes = 1024 * 1024});
	(void)snprintf(script, sizeof script,
		       "head -c 12000000 /dev/urandom > $DIR/in && "
		       "$SSH -c %s cat < $DIR/in > $DIR/out && cmp $DIR/in $DIR/out",
		       ciphers[_i]);
	(void)snprintf(wanted, sizeof wanted, " c2s=%s ", ciphers[_i]);
	ck_assert_int_eq(client(script), 0);
	end();
	ck_assert_uint_ge(the.exchanges, 8);
	ck_assert_ptr_nonnull(strstr(the.algorithms, wanted));
}
END_TEST

static const char *const macs[] = {"hmac-sha2-256-etm@openssh.com",
				   "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256",
				   "hmac-sha2-512", "umac-128-etm@openssh.com"};

START_TEST(ssh_moves_data_under_every_mac)
{
	char script[256];

	begin(&(struct fake_options){0});
	(void)snprintf(
	    script, sizeof script,
	    "head -c 3000000 /dev/urandom > $DIR/in && $SSH -c aes128-ctr -m "
	    "%s cat < $DIR/in | cmp - $DIR/in",
	    macs[_i]);
	ck_assert_int_eq(client(script), 0);
	end();
	ck_assert_ptr_nonnull(strstr(the.algorithms, macs[_i]));
}
END_TEST

START_TEST(the_client_may_ask_for_new_keys_while_data_flows)
{
	begin(&(struct fake_options){0});
	ck_assert_int_eq(client("head -c 20000000 /dev/urandom > $DIR/in && "
				"$SSH -o RekeyLimit=1M cat < $DIR/in | cmp - $DIR/in"),
			 0);
	end();
	ck_assert_uint_ge(the.exchanges, 10);
}
END_TEST

START_TEST(keys_are_renewed_by_time_on_an_idle_connection)
{
	begin(&(struct fake_options){.rekey_s = 1});
	ck_assert_int_eq(client("test \"$($SSH 'sleep 3; echo ok')\" = ok"), 0);
	end();
	ck_assert_uint_ge(the.exchanges, 3);
}
END_TEST

START_TEST(compression_starts_with_the_login_and_anew_with_new_keys)
{
	begin(&(struct fake_options){.rekey_bytes = 512 * 1024});
	ck_assert_int_eq(
	    client("(seq 1 300000; head -c 2000000 /dev/urandom) > $DIR/in "
		   "&& $SSH -C cat < $DIR/in | cmp - $DIR/in"),
	    0);
	end();
	ck_assert_ptr_nonnull(strstr(the.algorithms, "comp_c2s=zlib@openssh.com"));
	ck_assert_uint_ge(the.exchanges, 3);
}
END_TEST

START_TEST(a_password_is_asked_for_after_a_banner)
{
	begin(
	    &(struct fake_options){.only_password = true, .banner = "Mind the gap.\n"});
	ck_assert_int_eq(
	    client(
		"printf '#!/bin/sh\\necho right\\n' > $DIR/ask && chmod +x $DIR/ask && "
		"export SSH_ASKPASS=$DIR/ask SSH_ASKPASS_REQUIRE=force && "
		"out=$($SSH 'echo in' </dev/null) && "
		"grep -q 'Mind the gap' $DIR/err && test \"$out\" = in"),
	    0);
	end();
	ck_assert_uint_eq(the.logins, 1);
}
END_TEST

START_TEST(many_clients_at_once_are_served_and_leave_nothing)
{
	begin(&(struct fake_options){0});
	ck_assert_int_eq(client("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "
				"$SSH \"echo $i\" > $DIR/out.$i & done; wait; "
				"test $(cat $DIR/out.* | sort -n | tr '\\n' ,) = "
				"1,2,3,4,5,6,7,8,9,10,11,12,"),
			 0);
	end();
	ck_assert_uint_eq(the.logins, 12);
}
END_TEST

START_TEST(a_nursery_without_a_monitor_ends_with_its_last_worker)
{
	begin(&(struct fake_options){0});
	ck_assert(fake_end(&the));
	folder_drop();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_main");
	TCase *t = tcase_create("main");
	const int n_methods = sizeof methods / sizeof methods[0];
	const int n_ciphers = sizeof ciphers / sizeof ciphers[0];
	const int n_macs = sizeof macs / sizeof macs[0];

	tcase_set_timeout(t, 100);
	tcase_add_test(t, ssh_logs_in_by_key_and_gets_output_and_exit_status);
	tcase_add_loop_test(t, ssh_exchanges_keys_by_every_method_it_has, 0, n_methods);
	tcase_add_loop_test(
	    t, ssh_moves_data_both_ways_over_every_cipher_with_a_rekey_each_megabyte, 0,
	    n_ciphers);
	tcase_add_loop_test(t, ssh_moves_data_under_every_mac, 0, n_macs);
	tcase_add_test(t, the_client_may_ask_for_new_keys_while_data_flows);
	tcase_add_test(t, keys_are_renewed_by_time_on_an_idle_connection);
	tcase_add_test(t, compression_starts_with_the_login_and_anew_with_new_keys);
	tcase_add_test(t, a_password_is_asked_for_after_a_banner);
	tcase_add_test(t, many_clients_at_once_are_served_and_leave_nothing);
	tcase_add_test(t, a_nursery_without_a_monitor_ends_with_its_last_worker);
	suite_add_tcase(s, t);
	return s;
}

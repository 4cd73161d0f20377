/*
 * libssh as a program, for the end-to-end tests:
 * libssh_client KNOWN_HOSTS PORT USER key:FILE|password:TEXT MODE [ARGUMENT ...]
 * Modes: exec COMMAND; shell (input is typed); sftp FILE REMOTE BACK; forward PORT
 */
#include <fcntl.h>
#include <libssh/libssh.h>
#include <libssh/sftp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 254, BUFFER_BYTES = 16384, ROWS = 31, COLUMNS = 97, DECIMAL = 10 };

static _Noreturn void fail(ssh_session s, const char *what)
{
	(void)fprintf(stderr, "libssh_client: %s: %s\n", what, ssh_get_error(s));
	exit(FAILED);
}

static void check(ssh_session s, bool ok, const char *what)
{
	if (!ok)
		fail(s, what);
}

static void log_in(ssh_session s, const char *auth)
{
	const char *secret = strchr(auth, ':') + 1;
	ssh_key key = NULL;

	if (strncmp(auth, "key:", strlen("key:")) != 0) {
		check(s, ssh_userauth_password(s, NULL, secret) == SSH_AUTH_SUCCESS,
		      "password");
		return;
	}
	check(s, ssh_pki_import_privkey_file(secret, NULL, NULL, NULL, &key) == SSH_OK,
	      secret);
	check(s, ssh_userauth_publickey(s, NULL, key) == SSH_AUTH_SUCCESS, "key");
	ssh_key_free(key);
}

static ssh_session open_session(const char *known_hosts, const char *port,
				const char *user)
{
	ssh_session s = ssh_new();
	unsigned int number = (unsigned int)strtoul(port, NULL, DECIMAL);
	bool config = false;

	if (s == NULL)
		exit(FAILED);
	check(s,
	      ssh_options_set(s, SSH_OPTIONS_HOST, "127.0.0.1") == 0 &&
		  ssh_options_set(s, SSH_OPTIONS_PORT, &number) == 0 &&
		  ssh_options_set(s, SSH_OPTIONS_USER, user) == 0 &&
		  ssh_options_set(s, SSH_OPTIONS_KNOWNHOSTS, known_hosts) == 0 &&
		  ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &config) == 0,
	      "options");
	check(s, ssh_connect(s) == SSH_OK, "connect");
	check(s, ssh_session_is_known_server(s) == SSH_KNOWN_HOSTS_OK, "host key");
	return s;
}

/* Input to the channel, then its output to ours until it ends. */
static void relay(ssh_session s, ssh_channel c)
{
	char buffer[BUFFER_BYTES];
	ssize_t n;
	int got;

	while ((n = read(STDIN_FILENO, buffer, sizeof buffer)) > 0)
		check(s, ssh_channel_write(c, buffer, (uint32_t)n) == n, "write");
	while ((got = ssh_channel_read(c, buffer, sizeof buffer, 0)) > 0)
		if (fwrite(buffer, 1, (size_t)got, stdout) != (size_t)got)
			exit(FAILED);
	check(s, got == 0, "read");
}

static int run(ssh_session s, const char *command)
{
	ssh_channel c = ssh_channel_new(s);
	int status;

	check(s, c != NULL && ssh_channel_open_session(c) == SSH_OK, "session");
	if (command == NULL)
		check(s,
		      ssh_channel_request_pty_size(c, "xterm", COLUMNS, ROWS) ==
			      SSH_OK &&
			  ssh_channel_request_shell(c) == SSH_OK,
		      "shell");
	else
		check(s, ssh_channel_request_exec(c, command) == SSH_OK, "exec");
	relay(s, c);
	status = ssh_channel_get_exit_status(c);
	ssh_channel_free(c);
	return status;
}

static int forward(ssh_session s, const char *port)
{
	ssh_channel c = ssh_channel_new(s);

	check(s,
	      c != NULL && ssh_channel_open_forward(c, "127.0.0.1",
						    (int)strtol(port, NULL, DECIMAL),
						    "127.0.0.1", 1) == SSH_OK,
	      "forward");
	relay(s, c);
	ssh_channel_free(c);
	return 0;
}

static void put(ssh_session s, sftp_session sftp, const char *file, const char *remote)
{
	sftp_file to =
	    sftp_open(sftp, remote, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
	FILE *from = fopen(file, "re");
	char buffer[BUFFER_BYTES];
	size_t n;

	check(s, from != NULL && to != NULL, file);
	while ((n = fread(buffer, 1, sizeof buffer, from)) > 0)
		check(s, sftp_write(to, buffer, n) == (ssize_t)n, remote);
	(void)fclose(from);
	check(s, sftp_close(to) == SSH_OK, remote);
}

static void get(ssh_session s, sftp_session sftp, const char *remote, const char *back)
{
	sftp_file from = sftp_open(sftp, remote, O_RDONLY, 0);
	FILE *to = fopen(back, "we");
	char buffer[BUFFER_BYTES];
	ssize_t n;

	check(s, from != NULL && to != NULL, remote);
	while ((n = sftp_read(from, buffer, sizeof buffer)) > 0)
		check(s, fwrite(buffer, 1, (size_t)n, to) == (size_t)n, back);
	check(s, n == 0 && fclose(to) == 0 && sftp_close(from) == SSH_OK, back);
}

static int copy(ssh_session s, char *const args[3])
{
	sftp_session sftp = sftp_new(s);

	check(s, sftp != NULL && sftp_init(sftp) == SSH_OK, "sftp");
	put(s, sftp, args[0], args[1]);
	get(s, sftp, args[1], args[2]);
	sftp_free(sftp);
	return 0;
}

int main(int argc, char *argv[])
{
	enum { KNOWN_HOSTS = 1, PORT, USER, AUTH, MODE, REST };
	ssh_session s;
	int status = FAILED;

	if (argc < REST)
		return FAILED;
	s = open_session(argv[KNOWN_HOSTS], argv[PORT], argv[USER]);
	log_in(s, argv[AUTH]);
	if (strcmp(argv[MODE], "shell") == 0)
		status = run(s, NULL);
	else if (strcmp(argv[MODE], "exec") == 0 && argc == REST + 1)
		status = run(s, argv[REST]);
	else if (strcmp(argv[MODE], "forward") == 0 && argc == REST + 1)
		status = forward(s, argv[REST]);
	else if (strcmp(argv[MODE], "sftp") == 0 && argc == REST + 3)
		status = copy(s, argv + REST);
	ssh_disconnect(s);
	ssh_free(s);
	return status;
}

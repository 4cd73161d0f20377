/*
 * sallyport-policy: policy scripts. With --socket it is the gateway's policy process, started
 * by the monitor; without it the operator's tool.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/asan.h"
#include "common/log.h"
#include "policy/serve.h"
#include "policy/tool.h"

/* --socket N [--user NAME] */
static enum err options(int argc, char **argv, int *sock, const char **user)
{
	for (int i = 1; i < argc; i += 2) {
		char *end = NULL;

		if (i + 1 == argc)
			return ERR_CONFIG;
		if (strcmp(argv[i], "--socket") == 0)
			*sock = (int)strtol(argv[i + 1], &end, 10);
		else if (strcmp(argv[i], "--user") == 0)
			*user = argv[i + 1];
		else
			return ERR_CONFIG;
		if (end != NULL && (*end != '\0' || end == argv[i + 1]))
			return ERR_CONFIG;
	}
	return *sock > STDERR_FILENO ? OK : ERR_CONFIG;
}

int main(int argc, char **argv)
{
	const char *user = NULL;
	int sock = -1;
	enum err e;

	if (argc < 2 || strcmp(argv[1], "--socket") != 0)
		return (int)tool_main(argc, argv);
	if (options(argc, argv, &sock, &user) != OK) {
		log_fatal("sallyport-policy is started by sallyportd: "
			  "sallyport-policy --socket FD [--user NAME]");
		return EXIT_FAILURE;
	}
	/* Ctrl-C reaches the whole foreground group: when to end is the monitor's to say */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a record that is full is an error to be told */
	e = serve_run(sock, user);
	/* what is behind the walls has nowhere to say it */
	return e == OK || e == ERR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}

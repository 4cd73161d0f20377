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
#include "common/start.h"
#include "policy/serve.h"
#include "policy/tool.h"

int main(int argc, char **argv)
{
	const char *user = NULL;
	int sock = -1;
	enum err e;

	if (argc < 2 || strcmp(argv[1], "--socket") != 0)
		return (int)tool_main(argc, argv);
	if (start_options(argc, argv, &sock, &user) != OK) {
		log_fatal("sallyport-policy is started by sallyportd: "
			  "sallyport-policy --socket FD [--user NAME]");
		return EXIT_FAILURE;
	}
	/* Ctrl-C reaches the whole foreground group: when to end is the monitor's to say */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ,
		     SIG_IGN); /* a record that is full is an error to be told */
	e = serve_run(sock, user);
	/* what is behind the walls has nowhere to say it */
	return e == OK || e == ERR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}

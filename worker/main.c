/*
 * sallyport-worker: started by the monitor as the nursery of its workers. It reads no
 * file and takes no other word than the monitor's.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/asan.h"
#include "common/err.h"
#include "worker/nursery.h"

static int usage(void)
{
	(void)fputs("usage: sallyport-worker --nursery --socket FD [--user NAME]\n"
		    "It is started by sallyportd.\n",
		    stderr);
	return EXIT_FAILURE;
}

static int parse_fd(const char *text)
{
	char *end;
	long fd;

	errno = 0;
	fd = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' && end != text && fd >= 0 && fd < INT16_MAX
		   ? (int)fd
		   : -1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"nursery",          no_argument, NULL, 'n'},
	    {"socket",              required_argument, NULL, 's'},
	    {"user",                  required_argument, NULL, 'u'},
	    {0},
	};
	const char *user = NULL;
	int nursery = 0, fd = -1, c;
	enum err e;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (c == 'n')
			nursery = 1;
		else if (c == 's')
			fd = parse_fd(optarg);
		else if (c == 'u')
			user = optarg;
		else
			return usage();
	if (!nursery || fd < 0 || optind != argc)
		return usage();
	e = nursery_run(fd, user);
	if (e != OK)
		(void)fprintf(stderr, "sallyport-worker: %s\n", err_text(e));
	return e == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

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
	(void)fputs(
	    "usage: sallyport-worker --nursery[=CRYPTO] --socket FD [--user NAME]\n"
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

/* What stands behind --nursery=, if anything. */
static bool read_crypto(const char *word, struct crypto_choice *out)
{
	return word == NULL || crypto_choice_read(span_str(word), out) == OK;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"nursery",          optional_argument, NULL, 'n'},
	    {"socket",              required_argument, NULL, 's'},
	    {"user",                  required_argument, NULL, 'u'},
	    {0},
	};
	struct crypto_choice crypto = {0};
	const char *user = NULL;
	bool nursery = false;
	int fd = -1, c;
	enum err e;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (c == 'n')
			nursery = read_crypto(optarg, &crypto);
		else if (c == 's')
			fd = parse_fd(optarg);
		else if (c == 'u')
			user = optarg;
		else
			return usage();
	if (!nursery || fd < 0 || optind != argc)
		return usage();
	e = nursery_run(fd, user, &crypto);
	if (e != OK)
		(void)fprintf(stderr, "sallyport-worker: %s\n", err_text(e));
	return e == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

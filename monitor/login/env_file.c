/*
 * ~/.ssh/environment, read as the user whose file it is: NAME=VALUE lines, of which only names
 * count that PermitUserEnvironment has. Source: sshd(8) FILES
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "monitor/login/login.h"

/* A pattern after ! forbids, whatever else matches. Source: ssh_config(5) PATTERNS */
static bool name_permitted(struct span patterns, struct span name)
{
	bool permitted = false;
	struct span one;

	while (names_next(&patterns, &one)) {
		bool negated = one.n > 0 && one.p[0] == '!';

		if (negated)
			one = (struct span){one.p + 1, one.n - 1};
		if (!names_glob(one, name))
			continue;
		if (negated)
			return false;
		permitted = true;
	}
	return permitted;
}

static void env_line(struct env *e, char *line, struct span patterns)
{
	char *value;

	line += strspn(line, " \t");
	line[strcspn(line, "\n")] = '\0';
	value = strchr(line, '=');
	if (line[0] == '#' || value == NULL)
		return;
	*value++ = '\0';
	if (name_permitted(patterns, span_str(line)))
		env_set(e, line, value);
}

enum err env_file(struct env *e, const char *path, struct span patterns)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	size_t lines = 0;
	size_t bytes = 0;
	ssize_t n;

	if (f == NULL)
		return OK;
	while (lines++ < LIMIT_ENV_FILE_LINES && bytes < LIMIT_ENV_BYTES &&
	       (n = getline(&line, &cap, f)) >= 0) {
		bytes += (size_t)n;
		env_line(e, line, patterns);
	}
	free(line);
	(void)fclose(f);
	return e->err;
}

/*
 * sallyport-policy record: a gateway's recorded decisions, a line each, become fixtures, a file for
 * each connection. Secrets were masked when the line was written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/facts_json.h"
#include "policy/tool.h"

/* What a fixture takes over from a line. */
static const char *const step_members[] = {"event",   "now",  "zone",    "conn",
					   "service", "auth", "channel", "request",
					   "helpers", "want"};
#define N_STEP_MEMBERS (sizeof step_members / sizeof step_members[0])

struct record {
	const char *log, *folder, *script;
	json_t *connections; /* key: {"first", "script", "steps"} */
	unsigned steps, masked;
};

static json_t *member(json_t *line, const char *a, const char *b, const char *c)
{
	return json_object_get(json_object_get(json_object_get(line, a), b), c);
}

/* Numbers of connections begin anew with the gateway: where the client comes from tells them apart. */
static char *key_of(json_t *line)
{
	json_t *port = member(line, "conn", "verified", "source_port");
	const char *source =
	    json_string_value(member(line, "conn", "verified", "source"));
	const char *script = json_string_value(json_object_get(line, "script"));
	char *key;
	int n =
	    asprintf(&key, "%lld %s %lld %s",
		     (long long)json_integer_value(json_object_get(line, "connection")),
		     source != NULL ? source : "?", (long long)json_integer_value(port),
		     script != NULL ? script : "");

	return n < 0 ? NULL : key;
}

static json_t *connection_of(struct record *r, json_t *line)
{
	char *key = key_of(line);
	json_t *found = key != NULL ? json_object_get(r->connections, key) : NULL;

	if (key != NULL && found == NULL &&
	    json_put(r->connections, key,
		     json_pack("{s:O,s:[]}", "first", line, "steps")))
		found = json_object_get(r->connections, key);
	free(key);
	return found;
}

static json_t *step_of(json_t *line)
{
	json_t *step = json_object();

	for (size_t i = 0; i < N_STEP_MEMBERS; i++) {
		json_t *v = json_object_get(line, step_members[i]);

		if (v != NULL && !json_put(step, step_members[i], json_incref(v)))
			return NULL;
	}
	return step;
}

static enum err take(struct record *r, const char *text, unsigned number)
{
	json_error_t error;
	json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, &error), *connection;
	enum err e = OK;

	if (line == NULL || !json_is_integer(json_object_get(line, "connection")) ||
	    json_object_get(line, "event") == NULL ||
	    json_object_get(line, "want") == NULL) {
		(void)tool_cannot("%s:%u: %s", r->log, number,
				  line == NULL ? error.text
					       : "is no recorded decision");
		json_decref(line);
		return ERR_CONFIG;
	}
	r->steps++;
	if (json_array_size(json_object_get(line, "masked")) > 0)
		r->masked++;
	connection = connection_of(r, line);
	if (connection == NULL ||
	    json_array_append_new(json_object_get(connection, "steps"),
				  step_of(line)) != 0)
		e = ERR_MEMORY;
	json_decref(line);
	return e;
}

static enum err read_log(struct record *r)
{
	FILE *f = fopen(r->log, "re");
	char *line = NULL;
	size_t cap = 0;
	enum err e = OK;

	if (f == NULL) {
		(void)tool_cannot("%s: %s", r->log, strerror(errno));
		return ERR_FILE;
	}
	for (unsigned n = 1; e == OK && getline(&line, &cap, f) > 0; n++)
		e = take(r, line, n);
	free(line);
	(void)fclose(f);
	return e;
}

/* One case: all that was decided about a connection. */
static json_t *fixture_of(const struct record *r, json_t *connection)
{
	json_t *first = json_object_get(connection, "first");
	const char *source =
	    json_string_value(member(first, "conn", "verified", "source"));
	const char *script = r->script != NULL
				 ? r->script
				 : json_string_value(json_object_get(first, "script"));
	json_t *all = json_object(), *item;

	item = json_pack("[{s:o,s:O}]", "name",
			 json_sprintf("connection %lld from %s",
				      (long long)json_integer_value(
					  json_object_get(first, "connection")),
				      source != NULL ? source : "?"),
			 "steps", json_object_get(connection, "steps"));
	if ((script == NULL || json_put(all, "script", json_string(script))) &&
	    json_put(all, "cases", item))
		return all;
	json_decref(all);
	return NULL;
}

/* Nothing is written over. */
static enum err write_file(const struct record *r, json_t *connection)
{
	json_t *first = json_object_get(connection, "first"), *fixture;
	FILE *f = NULL;
	char *path = NULL;
	int n = asprintf(
	    &path, "%s/%lld-%lld.json", r->folder,
	    (long long)json_integer_value(json_object_get(first, "now")),
	    (long long)json_integer_value(json_object_get(first, "connection")));
	bool good;

	if (n < 0)
		return ERR_MEMORY;
	fixture = fixture_of(r, connection);
	f = fopen(path, "wxe");
	good = fixture != NULL && f != NULL &&
	       json_dumpf(fixture, f, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 &&
	       fputc('\n', f) != EOF;
	if (f != NULL && fclose(f) != 0)
		good = false;
	if (!good)
		(void)tool_cannot("%s: %s", path, strerror(errno));
	json_decref(fixture);
	free(path);
	return good ? OK : ERR_FILE;
}

static enum tool_exit write_all(const struct record *r)
{
	const char *key;
	json_t *connection;

	json_object_foreach(r->connections, key, connection)
	{
		if (write_file(r, connection) != OK)
			return TOOL_CANNOT;
	}
	(void)printf("%u decisions about %zu connections\n", r->steps,
		     json_object_size(r->connections));
	if (r->masked > 0)
		(void)printf(
		    "%u hold masked secrets: put invented ones in their place\n",
		    r->masked);
	return TOOL_OK;
}

enum tool_exit tool_record(int argc, char **argv)
{
	struct record r = {.connections = json_object()};
	enum tool_exit code = TOOL_CANNOT;
	int i = 1;

	if (i + 1 < argc && strcmp(argv[i], "--script") == 0) {
		r.script = argv[i + 1];
		i += 2;
	}
	if (argc - i != 2 || argv[i][0] == '-') {
		json_decref(r.connections);
		return tool_usage("record");
	}
	r.log = argv[i];
	r.folder = argv[i + 1];
	if (r.connections != NULL && read_log(&r) == OK)
		code = write_all(&r);
	json_decref(r.connections);
	return code;
}

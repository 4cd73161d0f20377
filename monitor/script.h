/*
 * Versions of the policy script: read once, compiled by the policy process, kept as long as a
 * connection has them.
 */
#ifndef MONITOR_SCRIPT_H
#define MONITOR_SCRIPT_H

#include "monitor/monitor.h"

struct script {
	struct monitor *m;
	uint32_t version;
	unsigned refs;
	char *name;    /* its file; "": the one that is built in */
	uint8_t *text; /* as in the file */
	size_t n;
	size_t sent; /* bytes that the policy process has got */
	bool sent_last;
	enum script_state { SCRIPT_PENDING, SCRIPT_GOOD, SCRIPT_BAD } state;
	uint32_t handlers;                  /* POLICY_BIT(event) for each */
	char owns[LIMIT_METHODS_BYTES + 1]; /* methods that it judges alone */
	struct script *next;                /* all that live, newest first */
};

/*
 * Reads the script that the settings name.
 * out:    NULL where they name none
 * Owns:   the caller unrefs *out
 * Errors: ERR_FILE logged with the remedy; ERR_MEMORY
 */
MUST_CHECK enum err script_read(struct monitor *m, const struct settings *set,
				struct script **out);

/* NULL is nothing to both; the last unref has the policy process forget it. */
struct script *script_ref(struct script *s);
void script_unref(struct script *s);

/* Tells whether the script judges a method's credentials alone; NULL owns none. */
bool script_owns(const struct script *s, const char *method);

#endif

/*
 * The settings as workers use them: read once in the nursery, from a copy that stays.
 */
#include <stdlib.h>

#include "worker/worker.h"

static enum err split_hostkeys(struct worker_settings *s)
{
	struct rd r = RD(s->m.hostkeys);

	while (r.left.n > 0 && rd_ok(&r)) {
		struct span blob = rd_bytes(&r, LIMIT_PK_BLOB_BYTES);

		if (s->n_hostkeys == LIMIT_HOSTKEYS)
			return ERR_RANGE;
		s->hostkeys[s->n_hostkeys++] = blob;
	}
	return rd_end(&r);
}

enum err worker_settings_read(struct span bytes, struct worker_settings *out)
{
	struct worker_settings s = {0};
	struct msg m;
	enum err e = ERR_MEMORY;

	if ((s.store = malloc(bytes.n)) == NULL ||
	    (e = bytes_copy(s.store, bytes.n, bytes)) != OK ||
	    (e = msg_decode((struct span){s.store, bytes.n}, &m)) != OK)
		goto out;
	if (m.type != MSG_fork_settings) {
		e = ERR_BUG;
		goto out;
	}
	s.m = m.u.fork_settings;
	if ((e = split_hostkeys(&s)) != OK ||
	    (e = offer_make(&s.m, s.hostkeys, s.n_hostkeys, &s.offer)) != OK)
		goto out;
	*out = s;
	s = (struct worker_settings){0}; /* moved */
out:
	worker_settings_wipe(&s);
	return e;
}

void worker_settings_wipe(struct worker_settings *s)
{
	offer_wipe(&s->offer);
	free(s->store);
	*s = (struct worker_settings){0};
}

/*
 * Gives up every right: user, capabilities, limits, Landlock; and says which layers
 * stand. The order matters: what needs a capability comes before they go.
 */
#include <errno.h>
#include <grp.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sandbox_private.h"

#define BYTES_PER_MIB (1024ULL * 1024)

/* capabilities(7): no exec, no change of user gives or keeps any capability, for good
 */
#define SECURE_ALL                                                                     \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |               \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |                     \
	 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

/* Without CAP_SETPCAP neither can be done; no-new-privileges then keeps the bounding
 * set shut. */
static void bound_caps(void)
{
	(void)prctl(PR_SET_SECUREBITS, SECURE_ALL);
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++)
		(void)cap_drop_bound(cap);
}

static enum err become(const struct sandbox_plan *plan)
{
	bool go = plan->uid != SANDBOX_KEEP_ID;

	if (go && (setgroups(0, NULL) != 0 ||
		   setresgid(plan->gid, plan->gid, plan->gid) != 0 ||
		   setresuid(plan->uid, plan->uid, plan->uid) != 0))
		return ERR_SANDBOX;
	/* root's files are root's without any capability; only root's own session may
	 * be it */
	return geteuid() == 0 && plan->role != ROLE_SESSION ? ERR_SANDBOX : OK;
}

static bool caps_are_gone(void)
{
	cap_t none = cap_init();
	cap_t caps = cap_get_proc();
	bool gone = none != NULL && caps != NULL && cap_compare(none, caps) == 0;

	for (cap_value_t cap = 0; gone && cap_get_bound(cap) >= 0; cap++)
		gone = cap_get_ambient(cap) <= 0;
	cap_free(none);
	cap_free(caps);
	return gone;
}

static enum err drop_caps(struct sandbox_layers *layers)
{
	cap_t none = cap_init();
	bool dropped;

	if (none == NULL)
		return ERR_MEMORY;
	(void)cap_reset_ambient(); /* fails where there is none to reset */
	dropped = cap_set_proc(none) == 0;
	cap_free(none);
	if (!dropped || !caps_are_gone()) {
		layers->error[LAYER_CAPS] = EPERM;
		return ERR_SANDBOX;
	}
	layer_on(layers, LAYER_CAPS);
	return OK;
}

static int limit(int resource, rlim_t most)
{
	struct rlimit r;

	if (getrlimit((__rlimit_resource_t)resource, &r) != 0)
		return -1;
	if (most > r.rlim_max)
		most = r.rlim_max;
	r = (struct rlimit){most, most};
	return setrlimit((__rlimit_resource_t)resource, &r);
}

/* A sanitizer reserves terabytes of addresses; its builds go without this one limit. */
static int limit_memory(enum sandbox_role role)
{
#if defined(__SANITIZE_ADDRESS__)
	(void)role;
	return 0;
#else
	return limit(RLIMIT_AS, (rlim_t)(sandbox_roles[role].mib * BYTES_PER_MIB));
#endif
}

/* No file may grow, but the log where standard error was sent to one: SIGXFSZ kills. */
static int limit_file_size(enum sandbox_role role)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	return limit(RLIMIT_FSIZE, sandbox_file_bytes(role));
}

static enum err drop_limits(enum sandbox_role role, struct sandbox_layers *layers)
{
	/* RLIMIT_NPROC counts all processes of a user, so a nursery cannot have it */
	if ((role != ROLE_NURSERY && limit(RLIMIT_NPROC, 0) != 0) ||
	    limit_memory(role) != 0 ||
	    limit(RLIMIT_NOFILE, sandbox_roles[role].files) != 0 ||
	    limit(RLIMIT_STACK, LIMIT_STACK_BYTES) != 0 || limit_file_size(role) != 0 ||
	    limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_MEMLOCK, 0) != 0 ||
	    limit(RLIMIT_MSGQUEUE, 0) != 0)
		return layer_off(layers, LAYER_RLIMITS, errno);
	layer_on(layers, LAYER_RLIMITS);
	return OK;
}

static enum err shut(struct sandbox_layers *layers)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		layers->error[LAYER_NO_NEW_PRIVS] = errno;
		return ERR_SANDBOX;
	}
	layer_on(layers, LAYER_NO_NEW_PRIVS);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return layer_off(layers, LAYER_UNDUMPABLE, errno);
	layer_on(layers, LAYER_UNDUMPABLE);
	return OK;
}

enum err sandbox_drop(const struct sandbox_plan *plan, struct sandbox_layers *layers)
{
	enum err e;

	layers_begin(plan->role, layers);
	bound_caps();
	e = become(plan);
	if (e == OK)
		e = drop_caps(layers);
	if (e == OK)
		e = drop_limits(plan->role, layers);
	if (e == OK)
		e = shut(layers);
	return e == OK ? landlock_enter(plan, layers) : e;
}

enum err sandbox_enter(const struct sandbox_plan *plan, struct sandbox_layers *layers)
{
	struct sandbox_filter filter = {0};
	enum err e = sandbox_filter_make(plan->role, &filter);

	if (e == OK)
		e = sandbox_namespaces(plan, layers);
	if (e == OK)
		e = sandbox_drop(plan, layers);
	if (e == OK)
		e = sandbox_filter_load(&filter, layers);
	sandbox_filter_wipe(&filter);
	return e;
}

/* Adds to a text of a fixed size; what does not fit is left out. */
static void add(char out[LIMIT_LAYERS_BYTES], const char *before, const char *text)
{
	size_t n = strlen(out);

	(void)snprintf(out + n, LIMIT_LAYERS_BYTES - n, "%s%s", before, text);
}

const char *sandbox_layers_text(const struct sandbox_layers *layers,
				char out[LIMIT_LAYERS_BYTES])
{
	const char *before = "; without: ";
	char number[LIMIT_NAME_BYTES];

	out[0] = '\0';
	for (enum sandbox_layer i = LAYER_COUNT; i-- > 0;) {
		if (!layer_is_on(layers, i))
			continue;
		add(out, out[0] == '\0' ? "" : " ", sandbox_layer_names[i]);
		if (i == LAYER_LANDLOCK) {
			(void)snprintf(number, sizeof number, "(%u)",
				       layers->landlock_abi);
			add(out, "", number);
		}
	}
	for (enum sandbox_layer i = 0; i < LAYER_COUNT; i++) {
		if (layer_is_on(layers, i) || !layer_wanted(layers, i))
			continue;
		add(out, before, sandbox_layer_names[i]);
		if (layers->error[i] != 0) {
			add(out, " (", strerror(layers->error[i]));
			add(out, "", ")");
		}
		before = ", ";
	}
	return out;
}

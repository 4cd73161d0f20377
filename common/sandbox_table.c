/*
 * Makes the tables of sandbox.def. Trusts nothing, decides nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <termios.h>

#include "common/sandbox_table.h"

/* what the kernel adds to F_GETFL's answer; glibc's O_LARGEFILE is 0 on 64 bits */
#if defined(__x86_64__)
#define O_KERNEL_LARGEFILE 0100000
#else
#define O_KERNEL_LARGEFILE 0400000
#endif

#define ON(layer) SANDBOX_ON(LAYER_##layer)
#define ALL       (SANDBOX_ON(LAYER_COUNT) - 1)
#define SPACES                                                                         \
	(ON(USER_NS) | ON(NET_NS) | ON(MOUNT_NS) | ON(IPC_NS) | ON(UTS_NS) |           \
	 ON(PID_NS) | ON(EMPTY_ROOT))

#define N SANDBOX_ON(ROLE_NURSERY)
#define W SANDBOX_ON(ROLE_WORKER)
#define C SANDBOX_ON(ROLE_CONNECTOR)
#define P SANDBOX_ON(ROLE_POLICY)
#define A SANDBOX_ON(ROLE_CONTROL)
#define M SANDBOX_ON(ROLE_METRICS)
#define V SANDBOX_ON(ROLE_VERIFY)
#define S SANDBOX_ON(ROLE_SESSION)

/* a flag of several bits is given by its value; the filter compares all 64 bits */
#define U64(v) ((uint64_t)(v))
#define ANY                                                                            \
	{                                                                              \
		0, 0, 0                                                                \
	}
#define IS(n, v)                                                                       \
	{                                                                              \
		(n), UINT64_MAX, U64(v)                                                \
	}
#define ONLY(n, v)                                                                     \
	{                                                                              \
		(n), ~U64(v), 0                                                        \
	}
#define BUT(n, v, i)                                                                   \
	{                                                                              \
		(n), ~U64(i), U64(v)                                                   \
	}
#define BOTH(a, b)    a, b
#define ALL3(a, b, c) a, b, c

const struct sandbox_call sandbox_calls[] = {
#define SYS(who, name, when, why) {who, SCMP_SYS(name), #name, #when, {when}, 0, why},
#define DENY(who, name, when, error, why)                                              \
	{who, SCMP_SYS(name), #name, #when, {when}, error, why},
#include "common/sandbox.def"
};
const size_t sandbox_n_calls = sizeof sandbox_calls / sizeof sandbox_calls[0];

const struct sandbox_pass sandbox_passes[] = {
#define PASSES(number, why) {number, why},
#include "common/sandbox.def"
};
const size_t sandbox_n_passes = sizeof sandbox_passes / sizeof sandbox_passes[0];

const struct sandbox_file sandbox_files[] = {
#define FILE_READ(who, path, why) {who, path, why},
#include "common/sandbox.def"
};
const size_t sandbox_n_files = sizeof sandbox_files / sizeof sandbox_files[0];

const struct sandbox_role_row sandbox_roles[ROLE_COUNT] = {
#define ROLE(name, inside, files, mib, layers)                                         \
	{#name, ROLE_##inside, files, mib, layers},
#include "common/sandbox.def"
};

const char *const sandbox_layer_names[LAYER_COUNT] = {
#define LAYER(name, text) text,
#include "common/sandbox.def"
};

uint64_t sandbox_file_bytes(enum sandbox_role role)
{
	return role == ROLE_POLICY ? LIMIT_RECORD_BYTES : 0;
}

size_t sandbox_call_conds(const struct sandbox_call *call)
{
	size_t n = 0;

	while (n < LIMIT_SANDBOX_CONDS && call->conds[n].mask != 0)
		n++;
	return n;
}

static bool conds_hold(const struct sandbox_call *call,
		       const uint64_t args[SANDBOX_ARGS])
{
	for (size_t i = 0; i < sandbox_call_conds(call); i++)
		if ((args[call->conds[i].arg] & call->conds[i].mask) !=
		    call->conds[i].value)
			return false;
	return true;
}

const struct sandbox_call *sandbox_call_match(enum sandbox_role role, int nr,
					      const uint64_t args[SANDBOX_ARGS])
{
	const struct sandbox_call *row = NULL;

	while ((row = sandbox_call_find(role, nr, row)) != NULL)
		if (conds_hold(row, args))
			return row;
	return NULL;
}

const struct sandbox_call *sandbox_call_find(enum sandbox_role role, int nr,
					     const struct sandbox_call *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - sandbox_calls) + 1;

	for (; i < sandbox_n_calls; i++)
		if (sandbox_calls[i].nr == nr &&
		    (sandbox_calls[i].who & SANDBOX_ON(role)) != 0)
			return &sandbox_calls[i];
	return NULL;
}

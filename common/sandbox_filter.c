/*
 * The only user of libseccomp. Trusts sandbox.def.
 * A filter is made as a binary tree (level 2): half the cost of a list to load and to
 * run.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sandbox.h"

#define TREE 2 /* seccomp_attr_set(3): SCMP_FLTATR_CTL_OPTIMIZE */

static int add_row(scmp_filter_ctx ctx, const struct sandbox_call *row)
{
	struct scmp_arg_cmp cmp[LIMIT_SANDBOX_CONDS];
	size_t n = sandbox_call_conds(row);
	uint32_t action =
	    row->error == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint16_t)row->error);

	for (size_t i = 0; i < n; i++)
		cmp[i] = (struct scmp_arg_cmp){row->conds[i].arg, SCMP_CMP_MASKED_EQ,
					       row->conds[i].mask, row->conds[i].value};
	return seccomp_rule_add_exact_array(ctx, action, row->nr, (unsigned)n, cmp);
}

/* Lets through the rows of role; all else is killed. */
static int add_rows(scmp_filter_ctx ctx, enum sandbox_role role)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sandbox_n_calls; i++)
		if (sandbox_calls[i].nr >= 0 &&
		    (sandbox_calls[i].who & SANDBOX_ON(role)) != 0)
			rc = add_row(ctx, &sandbox_calls[i]);
	return rc;
}

/*
 * Kills the calls of outer that role has not. A call that both have has the same rows
 * for both (tests/common/sandbox_table_test.c), so that its number alone decides.
 */
static int add_difference(scmp_filter_ctx ctx, enum sandbox_role outer,
			  enum sandbox_role role)
{
	const struct sandbox_call *row;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sandbox_n_calls; i++) {
		row = &sandbox_calls[i];
		if (row->nr < 0 || row != sandbox_call_find(outer, row->nr, NULL))
			continue;
		if (sandbox_call_find(role, row->nr, NULL) == NULL)
			rc = seccomp_rule_add_exact(ctx, SCMP_ACT_KILL_PROCESS, row->nr,
						    0);
	}
	return rc;
}

static enum err export_bytes(scmp_filter_ctx ctx, struct sandbox_filter *out)
{
	struct sandbox_filter f = {0};
	enum err e = ERR_SYSTEM;
	struct stat st;
	int fd = memfd_create("filter", MFD_CLOEXEC);

	if (fd < 0 || seccomp_export_bpf(ctx, fd) != 0 || fstat(fd, &st) != 0)
		goto out;
	e = ERR_RANGE;
	if (st.st_size <= 0 || st.st_size > LIMIT_FILTER_BYTES)
		goto out;
	f.n = (size_t)st.st_size;
	f.bytes = malloc(f.n);
	e = ERR_MEMORY;
	if (f.bytes == NULL)
		goto out;
	e = ERR_SYSTEM;
	if (pread(fd, f.bytes, f.n, 0) != (ssize_t)f.n)
		goto out;
	*out = f;
	f = (struct sandbox_filter){0};
	e = OK;
out:
	sandbox_filter_wipe(&f);
	if (fd >= 0)
		close(fd);
	return e;
}

enum err sandbox_filter_make(enum sandbox_role role, struct sandbox_filter *out)
{
	enum sandbox_role outer = sandbox_roles[role].inside;
	bool own = outer == role;
	scmp_filter_ctx ctx =
	    seccomp_init(own ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW);
	enum err e = ERR_SANDBOX;

	if (ctx == NULL)
		return ERR_MEMORY;
	if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) !=
		0 ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, TREE) != 0)
		goto out;
	if ((own ? add_rows(ctx, role) : add_difference(ctx, outer, role)) != 0)
		goto out;
	e = export_bytes(ctx, out);
out:
	seccomp_release(ctx);
	return e;
}

enum err sandbox_filter_load(const struct sandbox_filter *f,
			     struct sandbox_layers *layers)
{
	struct sock_fprog program = {
	    .len = (unsigned short)(f->n / sizeof(struct sock_filter)),
	    .filter = (struct sock_filter *)(void *)f->bytes,
	};

	errno = EINVAL;
	if (f->n == 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
		if (layers != NULL)
			layers->error[LAYER_SECCOMP] = errno;
		return ERR_SANDBOX;
	}
	if (layers != NULL)
		layers->on |= SANDBOX_ON(LAYER_SECCOMP);
	return OK;
}

void sandbox_filter_wipe(struct sandbox_filter *f)
{
	free(f->bytes);
	*f = (struct sandbox_filter){0};
}

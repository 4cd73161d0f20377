/*
 * libcrypto's secure heap holds the file while it is parsed, Ed25519 seeds and EC scalars.
 * Of RSA keys libcrypto keeps copies elsewhere too (Montgomery forms), which is one reason
 * why the monitor as a whole must be undumpable. libcrypto locks the heap; what it does not
 * ask of the kernel is asked here.
 */
#include <stdio.h>
#include <sys/mman.h>

#include <openssl/crypto.h>

#include "common/limits.h"
#include "monitor/keys/keymem.h"

enum { HEAP_SMALLEST_BYTES = 32, HEAP_LOCKED = 1 };

struct range {
	uintptr_t begin, end;
};

/* The heap stands between two guard pages, so it is one mapping of its own. */
static bool mapping_of(const void *p, struct range *out)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	struct range r = {0};
	bool found = false;
	char line[512];

	while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL)
		/* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it */
		found = sscanf(line, "%lx-%lx", &r.begin, &r.end) == 2 &&
			r.begin <= (uintptr_t)p && (uintptr_t)p < r.end;
	if (maps != NULL)
		(void)fclose(maps);
	if (found)
		*out = r;
	return found;
}

static void advise(struct keymem_state *state)
{
	void *probe = OPENSSL_secure_malloc(HEAP_SMALLEST_BYTES);
	struct range r;

	if (probe != NULL && mapping_of(probe, &r) &&
	    r.end - r.begin == LIMIT_KEY_HEAP_BYTES) {
		state->not_dumped =
		    madvise((void *)r.begin, r.end - r.begin, MADV_DONTDUMP) == 0;
		state->wiped_forked =
		    madvise((void *)r.begin, r.end - r.begin, MADV_WIPEONFORK) == 0;
	}
	OPENSSL_secure_free(probe);
}

enum err keymem_init(struct keymem_state *out)
{
	struct keymem_state state = {0};
	int made = CRYPTO_secure_malloc_init(LIMIT_KEY_HEAP_BYTES, HEAP_SMALLEST_BYTES);

	if (made == 0)
		return ERR_MEMORY;
	state.locked = made == HEAP_LOCKED;
	advise(&state);
	*out = state;
	return OK;
}

/*
 * The nursery: warmed up and walled in once, it forks workers.
 */
#ifndef WORKER_NURSERY_H
#define WORKER_NURSERY_H

#include "common/crypto.h"

/*
 * Enters the sandbox, tells the monitor, forks workers as it is asked to, and reports how they
 * ended. Comes back when the monitor has closed the socket, or asked it to retire, and the last
 * worker has ended.
 * socket: the nursery's end of the link to the monitor
 * user:   account to become; NULL: stays who it is
 * crypto: where its algorithms come from
 * Errors: ERR_UNKNOWN no such account; ERR_SANDBOX; ERR_CRYPTO; ERR_MEMORY; ERR_SYSTEM; ERR_CLOSED
 */
MUST_CHECK enum err nursery_run(int socket, const char *user,
				const struct crypto_choice *crypto);

#endif

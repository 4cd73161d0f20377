/*
 * Every limit, with its unit and its reason. Nothing else may define one.
 */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

/* --- the SSH transport ------------------------------------------------- */
#define LIMIT_PACKET_BYTES      (256 * 1024) /* RFC 4253 6.1 asks for 35000; OpenSSH's */
#define LIMIT_PAYLOAD_BYTES     (256 * 1024) /* after decompression: stops bombs */
#define LIMIT_IDENT_BYTES       255          /* RFC 4253 4.2, with CR LF */
#define LIMIT_IDENT_LINE_BYTES  8192         /* one line before an identification */
#define LIMIT_KEXINIT_BYTES     35000        /* RFC 4253 6.1: what all must take */
#define LIMIT_NAMELIST_BYTES    16384        /* one name-list of a KEXINIT */
#define LIMIT_NAME_BYTES        64    /* RFC 4251 6: an algorithm or method name */
#define LIMIT_KEX_VALUE_BYTES   2048  /* longest: mlkem768, sntrup761, 8192-bit DH */
#define LIMIT_HASH_BYTES        64    /* SHA-512 */
#define LIMIT_SIGNATURE_BYTES   4096  /* RSA-16384 with its framing is 2 KiB */
#define LIMIT_PK_BLOB_BYTES     8192  /* a public key or certificate */
#define LIMIT_HOSTKEYS          16    /* host keys and host certificates */
#define LIMIT_RSA_EXPONENT_BITS 64    /* above: verifying costs as much as signing */
#define LIMIT_ALGS              64    /* names in one algorithm list */
#define LIMIT_EXTENSION_BYTES   16384 /* name or value in EXT_INFO */
#define LIMIT_DH_BITS_SHORT     1024  /* for who takes no more, under SHA-1; RFC 4419 3 */
#define LIMIT_DH_BITS_MIN       2048  /* group exchange; RFC 8270 */
#define LIMIT_DH_BITS_MAX       8192  /* group exchange; RFC 4419 3 */
#define LIMIT_RSA_BITS_MIN      2048  /* below: refused (NIST SP 800-131A) */
#define LIMIT_DSA_BITS_MIN      1024  /* ssh-dss, only where it is asked for; RFC 4253 6.6 */
#define LIMIT_DSA_BITS_MAX      3072  /* none is longer: FIPS 186-4 4.2 */
#define LIMIT_X509_AUTHORITIES  16    /* of a user, asked about one certificate: each verifies */
#define LIMIT_RSA_BITS_MAX      16384 /* above: verifying costs too much */
#define LIMIT_OUT_BYTES         (384 * 1024) /* sealed bytes waiting for the client */
#define LIMIT_OUT_DATA_BYTES    (192 * 1024) /* above: channels are not read */
#define LIMIT_OUT_CHOKE_BYTES   (288 * 1024) /* above: the client's packets wait too */
#define LIMIT_OUT_HEADER_BYTES  1024 /* of one of our packets, beside its data */
#define LIMIT_IN_BYTES          (128 * 1024) /* one read under load; larger packets: theirs */
#define LIMIT_BUFFER_STEP_BYTES 4096         /* smallest buffer; it doubles */
#define LIMIT_MALLOC_APART_BYTES                                                       \
	(64 * 1024) /* larger blocks are mapped, and unmapped */
#define LIMIT_MALLOC_TOP_BYTES                                                         \
	(512 * 1024)            /* grown by at once, so that no call is needed */
#define LIMIT_TURN_PACKETS   64 /* taken from the client before the monitor is heard */
#define LIMIT_REST_MS        2000 /* idle so long: buffers are given back */
#define LIMIT_FAREWELL_MS    1000 /* for the last words to a client */
#define LIMIT_FAREWELL_BYTES (4 * 1024 * 1024) /* of its own that are let pass then */
#define LIMIT_HELD_BYTES     (256 * 1024) /* control messages held during a rekey */

/* --- authentication ---------------------------------------------------- */
#define LIMIT_USER_BYTES     255  /* user names, as claimed */
#define LIMIT_PASSWORD_BYTES 1024 /* as OpenSSH */
#define LIMIT_PROMPTS        32 /* of one request of keyboard-interactive, and answers */
#define LIMIT_PROMPTS_BYTES  8192 /* of one request, in wire form */
#define LIMIT_PROMPT_CONFIG_BYTES                                                      \
	240 /* of the configuration; so LIMIT_PROMPTS of them fit */
#define LIMIT_PROMPT_NAME_BYTES 255         /* the title over them */
#define LIMIT_INSTRUCTION_BYTES 8192        /* the text between: a screenful */
#define LIMIT_ANSWERS_BYTES     (32 * 1024) /* to one request, in wire form */
#define LIMIT_KBDINT_ROUNDS     64 /* requests of one conversation: menus, a new password */
#define LIMIT_DEVICES_BYTES     256 /* submethods that a client names */
#define LIMIT_TOTP_DIGITS_MIN   6   /* RFC 4226 5.3 */
#define LIMIT_TOTP_DIGITS       8   /* what programs show */
#define LIMIT_TOTP_WINDOW                                                              \
	1 /* steps before and after: clocks differ, people type slowly */
#define LIMIT_TOTP_SECRET_MIN_BYTES                                                    \
	10                           /* what most services give; RFC 4226 4 wants 16 */
#define LIMIT_TOTP_SECRET_BYTES 64   /* a block of SHA-512 is more than enough */
#define LIMIT_TOTP_PERIOD_S     3600 /* the longest */
#define LIMIT_TOTP_SEEN         16384 /* users whose last code can still be tried again */
#define LIMIT_PROVED_KEYS       4     /* publickey steps of AuthenticationMethods */
#define LIMIT_SHOWN_BYTES       128   /* a user name in a log line */
#define LIMIT_METHODS_BYTES     256   /* name-list of methods that can continue */
#define LIMIT_BANNER_BYTES      16384       /* Banner file: a screenful of UTF-8 */
#define LIMIT_KEYS_BYTES        (96 * 1024) /* all authorized keys of one user */
#define LIMIT_PRINCIPALS_BYTES                                                         \
	(12 * 1024) /* of AuthorizedPrincipalsFile, of one user */
#define LIMIT_LIST_COMMAND_MS                                                          \
	10000 /* AuthorizedKeysCommand, AuthorizedPrincipalsCommand */
#define LIMIT_LIST_COMMAND_ARGS 64    /* words of such a command */
#define LIMIT_KEYS_LINE_BYTES   16384 /* one line of an authorized_keys file */
#define LIMIT_KEX_BEFORE_LOGIN                                                         \
	4                       /* who is not known yet must not cost many signatures */
#define LIMIT_AUTH_REQUESTS 256 /* requests, keys offered included */

#define LIMIT_CERT_PRINCIPALS    256      /* names in a certificate, as OpenSSH */
#define LIMIT_REVOKED_FILE_BYTES 16777216 /* RevokedKeys: some 700,000 fingerprints */
#define LIMIT_CAS_FILE_BYTES                                                           \
	1048576 /* TrustedUserCAKeys: a thousand keys of any kind */
#define LIMIT_KEY_FILE_BYTES   65536    /* RSA-16384 in PEM is 13 KiB */
#define LIMIT_BCRYPT_ROUNDS     4096         /* of an OpenSSH key's password: some ten seconds; usual are 16 to 100 */
#define LIMIT_BCRYPT_KEY_BYTES  64           /* a cipher's key and first block */
#define LIMIT_PPK_LINES         1024         /* of base64: LIMIT_KEY_FILE_BYTES */
#define LIMIT_ARGON2_KIB        1048576      /* memory for a PuTTY key's password; PuTTY takes 8 MiB */
#define LIMIT_ARGON2_PASSES     65536        /* PuTTY makes as many as a tenth of a second lets */
#define LIMIT_ARGON2_LANES      16           /* threads; PuTTY takes one */
#define LIMIT_ARGON2_WORK_KIB   33554432     /* memory times passes: some ten seconds */
#define LIMIT_PFX_KEYS          32           /* private keys of one PKCS#12 store */
#define LIMIT_TOKEN_URI_BYTES   2048         /* RFC 7512, of a key in a token */
#define LIMIT_TOKEN_DATA_BYTES  (10 * 1024)  /* that it signs: a public key with what frames it */
#define LIMIT_TOKEN_MSG_BYTES   (16 * 1024)  /* largest message to a token process */
#define LIMIT_TOKEN_S           20           /* for one answer of a token's library; it is ended then */
#define LIMIT_TOKEN_PAUSE_S     5            /* before one that was lost is opened again */
#define LIMIT_TOKEN_SENT        16           /* texts that a token process has at once */
#define LIMIT_TOKEN_QUEUE       4096         /* texts that wait for one */
#define LIMIT_SIGNS             80           /* signatures that one connection waits for */
#define LIMIT_KEY_HEAP_BYTES   262144   /* locked memory: files while read, keys */
#define LIMIT_USERS_FILE_BYTES 16777216 /* some 150,000 users */

/* --- what was meant ----------------------------------------------------- */
#define LIMIT_NEAR_BYTES                                                               \
	40 /* longer words are not compared; the longest keyword has 32 */
#define LIMIT_NEAR_SHARE 3 /* a third of a word may be wrong */
#define LIMIT_NEAR_EDITS 5 /* and no more than so many */

/* --- channels ---------------------------------------------------------- */
#define LIMIT_CHANNELS         512  /* open at once on one connection */
#define LIMIT_CHANNEL_REFUSALS 1000 /* opens refused in a row before we disconnect */
#define LIMIT_WINDOW_BYTES     (2 * 1024 * 1024) /* our window, as OpenSSH's 64 packets */
#define LIMIT_WINDOWS_BYTES                                                            \
	(128 * 1024 * 1024) /* windows of all channels: below LIMIT_WORKER_MIB */
#define LIMIT_WINDOW_LEAST_BYTES                                                       \
	(64 * 1024) /* window of a channel that comes when they are given away */
#define LIMIT_CHAN_PACKET_BYTES (32 * 1024) /* data in one packet, each way */
#define LIMIT_CHAN_TURN_BYTES                                                          \
	(64 * 1024) /* read of one channel in a turn, where there are more */
#define LIMIT_CHAN_ROOM_BYTES                                                          \
	4096 /* less room in the output is none: no tiny packets */
#define LIMIT_WINDOW_GIVE_BYTES (256 * 1024) /* drained before window is given back */
#define LIMIT_CHAN_OFFERS       64 /* opens of ours that the client has not answered */
#define LIMIT_CHAN_HELD_BYTES                                                          \
	(128 * 1024) /* requests of a channel that wait for a decision */
#define LIMIT_CHANS_HELD_BYTES (4 * 1024 * 1024) /* of all channels of a connection */
#define LIMIT_REQUEST_BYTES                                                            \
	(32 * 1024) /* fields of a request or open that a script is asked about */
#define LIMIT_PIECE_BYTES                                                              \
	(16 *                                                                          \
	 1024) /* data between a script and a client; below LIMIT_WORKER_MSG_BYTES */
#define LIMIT_SEND_QUEUE_BYTES                                                         \
	(1024 *                                                                        \
	 1024) /* of one channel: what a script sent and the client did not read */
#define LIMIT_SEND_QUEUES_BYTES (16 * 1024 * 1024) /* of one connection */
#define LIMIT_SEND_PAUSE_US     10000 /* before a full link to a worker is tried again */
#define LIMIT_CHAN_TIMEOUTS     64    /* types that ChannelTimeout names */
#define LIMIT_CHAN_TIMEOUTS_BYTES                                                      \
	(LIMIT_CHAN_TIMEOUTS * (LIMIT_NAME_BYTES + 8)) /* with their times */
#define LIMIT_RATE_LEAST         64 /* bytes a second: below, no key exchange would end */
#define LIMIT_RATE_PIECES        10 /* bandwidth is given out so often in a second at most */
#define LIMIT_RATE_PIECE_BYTES   (64 * 1024) /* or in pieces of so much */
#define LIMIT_GLOBALS            256 /* global requests that wait for an answer */
#define LIMIT_COMMAND_BYTES      (60 * 1024) /* exec: fits the IPC datagram */
#define LIMIT_TERM_BYTES         64
#define LIMIT_MODES_BYTES        1024        /* encoded terminal modes, RFC 4254 8 */
#define LIMIT_ENV_BYTES          (32 * 1024) /* all env requests of a session */
#define LIMIT_ENV_FILE_LINES     1000        /* of ~/.ssh/environment, as sshd */
#define LIMIT_ENV_COUNT          128         /* env requests of a session */
#define LIMIT_HOST_BYTES         255         /* a DNS name or address */
#define LIMIT_PATH_BYTES         107         /* sun_path without its NUL */
#define LIMIT_LISTENS            128         /* listeners one connection may ask for */
#define LIMIT_SIGNAL_BYTES       16          /* name of a signal, RFC 4254 6.10 */
#define LIMIT_X11_BYTES          256         /* protocol name, cookie */
#define LIMIT_CODEPAGE_ENV_BYTES 96 /* a variable's name, and LIMIT_NAME_BYTES */

/* --- between processes ------------------------------------------------- */
#define LIMIT_MSG_BYTES        (128 * 1024) /* largest IPC message; below wmem_default */
#define LIMIT_WORKER_MSG_BYTES (20 * 1024)  /* largest message to a worker */
#define LIMIT_LINK_BYTES                                                               \
	(512 *                                                                         \
	 1024) /* of a socket to a worker or the connector, as far as the system lets */
#define LIMIT_MSG_FDS       3    /* stdin, stdout, stderr of a session */
#define LIMIT_TEXT_BYTES    256  /* reason or error told to the other side */
#define LIMIT_LOG_BYTES     1024 /* one log line */
#define LIMIT_LOG_LINES     4000 /* log lines of one worker */
#define LIMIT_SPARE_WORKERS 4    /* forked ahead, idle */
#define LIMIT_NURSERY_FORKS 4096 /* then the nursery is replaced */

/* --- the configuration --------------------------------------------------- */
#define LIMIT_CONFIG_FILE_BYTES                                                        \
	1048576 /* 1 MiB, one file; a large Match list is 100 KiB */
#define LIMIT_CONFIG_LINE_BYTES 65536 /* one line: a long AllowUsers */
#define LIMIT_CONFIG_DEPTH      16    /* files that include files, as sshd */
#define LIMIT_CONFIG_FILES      1024  /* read by Include, all in all */
#define LIMIT_CONFIG_ERRORS     64    /* kept; more are counted */
#define LIMIT_CONFIG_BLOCKS     512   /* Match blocks; their state is on the stack */
#define LIMIT_CONFIG_ITEMS      4096  /* arguments of one keyword */
#define LIMIT_CONFIG_ROWS       256   /* keywords in config.def: a match's state */
#define LIMIT_CONFIG_LISTENS    256   /* addresses times ports, as sshd's MAX_PORTS */
#define LIMIT_CONFIG_MERGED     1024  /* lists added up for different users */
#define LIMIT_CONFIG_TEXT_BYTES 1024  /* one error, with its place */
#define LIMIT_ARENA_CHUNK_BYTES 16384 /* a usual configuration fits two */
#define LIMIT_ARENA_BYTES       16777216 /* 16 MiB, one piece; a file is far smaller */
#define LIMIT_OPTIONS           128      /* options on the command line */

/* --- the monitor's hands ----------------------------------------------- */
#define LIMIT_CONNECTOR_MSG_BYTES 1024   /* largest message to the connector */
#define LIMIT_CONNECTS            4096   /* connections being made at once */
#define LIMIT_CONNECT_ADDRESSES   16     /* addresses of one host that are tried */
#define LIMIT_CONNECT_MS          120000 /* longest time to connect, and the default */
#define LIMIT_RESOLV_CHECK_S      2      /* between looks at resolv.conf and hosts */
#define LIMIT_BINDS               4096   /* listeners of all connections */
#define LIMIT_BIND_TRIES          16     /* ports tried until both families have it */
#define LIMIT_BACKLOG             128 /* connections waiting to be accepted, as sshd */
#define LIMIT_ACCEPT_PAUSE_S      1   /* when descriptors ran out */
#define LIMIT_LOGIN_CHILDREN      16384       /* login helpers at once */
#define LIMIT_ACCOUNT_BYTES       (64 * 1024) /* strings of one account database entry */
#define LIMIT_GROUPS              4096        /* groups of one user that are told */
#define LIMIT_KEYS_PATTERNS       16          /* AuthorizedKeysFile patterns */
#define LIMIT_KEYS_FILE_BYTES     (1024 * 1024) /* one authorized_keys file */
#define LIMIT_FILE_PATH_BYTES     4096          /* PATH_MAX, with NUL */
#define LIMIT_PIPE_BYTES          (256 * 1024)  /* stdin, stdout, stderr of a session */
#define LIMIT_X11_DISPLAYS        1000          /* display numbers tried, as sshd */
#define LIMIT_X11_BACKLOG         5             /* as sshd */
#define LIMIT_PAM_TEXT_BYTES      16384         /* what PAM wants the user to read */
#define LIMIT_PAM_ENV_COUNT       256           /* variables that PAM may set */
#define LIMIT_MOTD_BYTES          65536 /* /etc/motd, /etc/nologin: what is shown */
#define LIMIT_SFTP_ARGS           16    /* words of an internal-sftp command */
#define LIMIT_SESSION_NOFILE      1024 /* soft limit: select(2) of the user's programs */
#define LIMIT_UNIX_CONNECT_S      10   /* a unix socket whose backlog is full */

/* --- policy ------------------------------------------------------------- */
#define LIMIT_FACTS_BYTES                                                              \
	(124 * 1024) /* of one question or answer: a command, and the packet with it */
#define LIMIT_FACT_NAME_BYTES    64       /* the longest has 30 */
#define LIMIT_POLICY_METHODS     16       /* names in available_methods */
#define LIMIT_POLICY_ITEMS       512      /* of permit_open, permit_listen, source */
#define LIMIT_POLICY_S           31536000 /* a year: longest idle_s, total_s */
#define LIMIT_POLICY_RATE        (1ULL << 40) /* bandwidth: a terabyte a second */
#define LIMIT_PORT               65535
#define LIMIT_TOTP_KEPT_S        900  /* codes that were used: longer than any window */
#define LIMIT_PROMPT_BYTES       1024 /* one prompt of a script, its instruction */
#define LIMIT_POLICY_QUEUE       8192 /* questions and events under way, of all */
#define LIMIT_POLICY_QUEUE_BYTES (64 * 1024 * 1024) /* their facts */
#define LIMIT_POLICY_CONN_ITEMS  1024 /* of one connection: two for each channel */
#define LIMIT_SCRIPT_CODE_BYTES  (4 * 1024 * 1024) /* its bytecode, lines included */
#define LIMIT_FUEL                                                                     \
	4000000 /* of one question: instructions, and work in their coin; some 40 ms */
#define LIMIT_FUEL_STEP                                                                \
	1000 /* instructions between two looks at the fuel; price of a call outside */
#define LIMIT_FUEL_BYTES   64 /* allocated or compared for one unit */
#define LIMIT_FUEL_COPIES  16 /* items or characters worked through for one unit */
#define LIMIT_STATE_BYTES  (8 * 1024 * 1024)          /* of one connection's state */
#define LIMIT_STATES_BYTES (2UL * 1024 * 1024 * 1024) /* of all: 100,000 idle ones */
#define LIMIT_STATE_REST_BYTES                                                         \
	(128 * 1024)                 /* above: garbage is collected after a handler */
#define LIMIT_STATE_SLOTS        64  /* of the table of connections, at first */
#define LIMIT_POLICY_SOFT_MS     250 /* CPU time of one question: the handler fails */
#define LIMIT_POLICY_HARD_MS     1000 /* CPU time: the process ends; below PolicyTimeout */
#define LIMIT_PLACE_BYTES        128 /* file:line as Lua shortens it */
#define LIMIT_KIB                1024
#define LIMIT_PATTERN_CAPTURES   32  /* of a pattern, as Lua */
#define LIMIT_PATTERN_DEPTH      200 /* parts that stand within each other, as Lua */
#define LIMIT_TABLE_ITEMS        (1024 * 1024) /* that a function of table works through */
#define LIMIT_ARGS_STACK         32            /* Lua values while arguments are made */
#define LIMIT_TOTP_USED_BYTES    256           /* codes that one handler found good */
#define LIMIT_TOTP_NAME_BYTES    16            /* of a secret's digest, that name it */
#define LIMIT_TOTP_USUAL_S       30            /* RFC 6238 5.2 */
#define LIMIT_RANDOM_BYTES       1024          /* of one crypto.random */
#define LIMIT_MPINT_DIGITS       5120        /* of a number of LIMIT_KEX_VALUE_BYTES */
#define LIMIT_JSON_DEPTH         32          /* tables within each other */
#define LIMIT_PROTECTED          64          /* pcalls that stand in each other */
#define LIMIT_POLICY_ACTIONS     64          /* of one handler: send, close, … */
#define LIMIT_POLICY_NOTES       32          /* log lines of one handler */
#define LIMIT_POLICY_SEND_BYTES  (64 * 1024) /* of one channel:send */
#define LIMIT_SHARE_ODD          1           /* a multiplier must be */
#define LIMIT_SHARE_USUAL_S      86400 /* a value without time to live is kept a day */
#define LIMIT_HELPER_S           300   /* longest deadline and cache of helper.call */
#define LIMIT_SCRIPT_BYTES       (1024 * 1024) /* a policy script */
#define LIMIT_SCRIPT_PIECE_BYTES (64 * 1024)   /* of it in one message */
#define LIMIT_WHERE_BYTES        512 /* file:line of a script, and what was wrong */
#define LIMIT_HELPER_BYTES       (32 * 1024) /* a request to a helper program, its answer */
#define LIMIT_HELPER_LINE_BYTES  (48 * 1024) /* with id, conn and spaces around it */
#define LIMIT_HELPER_NAME_BYTES  64
#define LIMIT_HELPER_ARGS        64    /* words of a PolicyHelper line */
#define LIMIT_HELPER_ARGV_BYTES  16384 /* all arguments of one */
#define LIMIT_HELPER_CALLS       64    /* of one program under way */
#define LIMIT_HELPER_CONN_CALLS  8     /* of one connection under way */
#define LIMIT_HELPER_QUEUE_BYTES                                                       \
	(1024 * 1024)                /* requests that the program has not read yet */
#define LIMIT_HELPER_DEADLINE_S 3600 /* a person may be waited for */
#define LIMIT_HELPER_IDLE_S     600  /* nobody asked for so long: it ends */
#define LIMIT_HELPER_PAUSE_MS   1000 /* before one that died is started again; doubles */
#define LIMIT_HELPER_PAUSE_MOST_MS                                                     \
	60000                 /* up to this; having lived longer, it begins anew */
#define LIMIT_HELPER_SILENT 8 /* deadlines in a row without any answer: it hangs */
#define LIMIT_HELPER_END_MS                                                            \
	1000 /* from end of input to SIGTERM, from that to SIGKILL */
#define LIMIT_HELPER_LOGS        20                /* lines logged in a second */
#define LIMIT_HELPER_CACHE       1024              /* answers kept */
#define LIMIT_HELPER_CACHE_BYTES (4 * 1024 * 1024) /* all of them */
#define LIMIT_HELPER_CACHE_S     86400             /* longest time to live */
#define LIMIT_SHARE_KEY_BYTES    128               /* key of shared.set */
#define LIMIT_SHARE_VALUE_BYTES  4096              /* its value, encoded */
#define LIMIT_SHARES             16384             /* keys at once */
#define LIMIT_SHARES_BYTES       (8 * 1024 * 1024) /* all keys and values */

/* --- control ------------------------------------------------------------ */
#define LIMIT_CONTROL_CLIENTS    1040 /* at once: a thousand, and some for administrators */
#define LIMIT_CONTROL_RESERVED   16 /* of them: viewers cannot lock administrators out */
#define LIMIT_CONTROL_BACKLOG    1024  /* of the socket: all of them at once */
#define LIMIT_CONTROL_ACCEPTS    16    /* in a turn of the monitor's */
#define LIMIT_CONTROL_NAMES      1024  /* of ControlAdmins, and of ControlViewers */
#define LIMIT_CONTROL_GROUPS     65536 /* of a peer, as the kernel */
#define LIMIT_CONTROL_LINE_BYTES (1024 * 1024) /* one call */
#define LIMIT_CONTROL_LINE_FREE_BYTES 4096 /* of a line so far: each client has that much */
#define LIMIT_CONTROL_LINES_BYTES (32 * 1024 * 1024) /* and all so much beyond it */
#define LIMIT_CONTROL_READ_BYTES  (64 * 1024) /* of one client in a turn */
#define LIMIT_CONTROL_CALL_BYTES  (64 * 1024) /* parameters of one call, as facts */
#define LIMIT_CONTROL_ROW_BYTES   (64 * 1024) /* a row, a result, an event, as facts */
#define LIMIT_CONTROL_PAGE        64          /* rows in a turn of the monitor's */
#define LIMIT_CONTROL_SCAN        1024        /* things looked at for them */
#define LIMIT_CONTROL_OUT_BYTES   (64 * 1024) /* answers not read: no more is done for it */
#define LIMIT_CONTROL_EVENTS_BYTES (128 * 1024) /* events not read: then some are lost */

/* --- sallyport-policy on the command line -------------------------------- */
#define LIMIT_WHY_BYTES 1024 /* a sentence about a mistake, with its place */
#define LIMIT_FIXTURE_BYTES                                                            \
	(16 * 1024 * 1024) /* a file of fixtures, or of recorded decisions */
#define LIMIT_ZONE_S       (14 * 3600) /* the farthest zone from UTC */
#define LIMIT_NAME_EXAMPLE 64          /* characters of a case's name in an error */
#define LIMIT_HELPER_CALLS 64          /* of one handler, answered from a fixture */
#define LIMIT_SCRIPT_LINES 65536       /* of a script whose coverage is counted */
#define LIMIT_PERCENT      100
#define LIMIT_TIMES_RUNS   200 /* of a case whose decisions are timed */

/* --- metrics ------------------------------------------------------------ */
#define LIMIT_METRICS_BYTES     16384        /* all values in one message */
#define LIMIT_METRICS_TEXT_BYTES (64 * 1024) /* the text made of them */
#define LIMIT_METRICS_FRESH_MS  200          /* requests within it share one answer of the monitor */
#define LIMIT_METRICS_IDLE_S    10           /* a client that sends or reads nothing for so long is cut */
#define LIMIT_METRICS_HEADER_BYTES 8192      /* a request, headers and all */
#define LIMIT_METRICS_PAUSE_US  100000       /* out of descriptors: before all connections are cut */
#define LIMIT_METRICS_AGAIN_S   60           /* longest pause before one that keeps dying is started again */
#define LIMIT_METRICS_BACKLOG   16           /* a server or two ask, now and then */
#define LIMIT_CARRIED_BYTES     (16 * 1024 * 1024) /* that a worker's channels carry before it tells */
#define LIMIT_CARRIED_MOST      (1ULL << 40) /* that it may tell at once */

/* --- the sandbox: rlimits of each role --------------------------------- */
#define LIMIT_WORKER_FILES    2048 /* 512 channels of three descriptors, and the links */
#define LIMIT_WORKER_MIB      256 /* buffers of stalled channels are bounded below this */
#define LIMIT_CONNECTOR_FILES 8192 /* attempts under way and listeners of all clients */
#define LIMIT_CONNECTOR_MIB   128
#define LIMIT_POLICY_FILES    8            /* its link */
#define LIMIT_CONTROL_FILES   1200 /* LIMIT_CONTROL_CLIENTS, its link, epoll */
#define LIMIT_CONTROL_MIB     512 /* events and lines of all clients, a line being parsed */
#define LIMIT_RECORD_BYTES    (1ULL << 30) /* of the file that decisions are recorded in */
#define LIMIT_POLICY_MIB      3072 /* LIMIT_STATES_BYTES, scripts, the shared store */
#define LIMIT_METRICS_FILES   64   /* its link, its socket, its clients */
#define LIMIT_METRICS_MIB     64
#define LIMIT_VERIFY_FILES    8    /* its link */
#define LIMIT_VERIFY_MIB      1024 /* yescrypt and scrypt are meant to need memory */
#define LIMIT_SESSION_FILES   64   /* its link, two listening sockets, accepted ones */
#define LIMIT_SESSION_MIB     64
#define LIMIT_STACK_BYTES     (8UL * 1024 * 1024) /* the kernel's default */
#define LIMIT_SANDBOX_KEEP    16 /* descriptors a role is started with */
#define LIMIT_SANDBOX_CONDS   3  /* arguments one row of sandbox.def may check */
#define LIMIT_FILTER_BYTES    (4096L * 8) /* BPF_MAXINSNS instructions */
#define LIMIT_LAYERS_BYTES    512         /* their text: fork_ready, connector_ready */

/* --- who may come in --------------------------------------------------- */
#define LIMIT_SOCKET_BUFFER_BYTES                                                      \
	(1024 * 1024 *                                                                 \
	 1024) /* ReceiveBuffer, SendBuffer: the kernel doubles it in an int */
#define LIMIT_KEEPALIVE_S    32767 /* TCP_KEEPIDLE, TCP_KEEPINTVL: as Linux bounds them */
#define LIMIT_VERSIONS_BYTES 1024   /* ClientVersionPattern */
#define LIMIT_CONNECTIONS    100000 /* upper bound of MaxConnections */
#define LIMIT_PENALTIES      1048576 /* sources or users of which account is kept: 64 MiB */

#endif

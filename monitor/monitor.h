/*
 * What the monitor knows: its processes, its connections, its keys. Private to monitor/.
 * Nothing here is ever filled from the network but through a message of common/msg.def.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/types.h>

#include "common/exhash.h"
#include "common/ipc.h"
#include "common/metrics.h"
#include "monitor/auth/kbdint.h"
#include "monitor/auth/totp_seen.h"
#include "monitor/auth/trust.h"
#include "monitor/auth/users.h"
#include "monitor/clients.h"
#include "monitor/config.h"
#include "monitor/control_access.h"
#include "monitor/detach.h"
#include "monitor/idmap.h"
#include "monitor/keys/hostkey.h"
#include "monitor/options.h"
#include "monitor/penalty.h"

struct monitor;
struct conn;
struct sign;
struct token;
struct login;
struct account;
struct control;
struct policy;
struct script;
struct metrics_server;

/* A socket to one of our processes, with what it may say. Embedded in its owner. */
struct link {
	struct monitor *m;
	int sock; /* -1: none */
	enum msg_peer peer;
	enum msg_state state;
	uint32_t sent[MSG_COUNT];
	struct event ev;
	void *
	    owner; /* struct conn, fork_server, connector, login, policy, control or metrics_server, as peer says */
};

/* A process that forks others: the nursery and the login master. */
struct fork_server {
	struct link link;
	const char *program;
	const char *argument; /* what makes it a fork server; NULL: nothing */
	uint32_t forks;       /* asked of it so far */
	uint32_t living;      /* forked and not yet ended */
	bool retired;         /* no more forks: it ends with its last child */
	struct fork_server *next;
};

struct connector {
	struct link link;
};

/* A worker that was forked ahead and waits. */
struct spare {
	int sock;
	uint32_t child;
	struct fork_server *nursery;
};

/* What a child number stands for, until fork_ended came. */
struct child {
	uint32_t id;
	struct fork_server *parent;
	uint64_t conn_id;   /* 0: a login helper or a spare */
	uint64_t gone_tick; /* since when its connection is over; 0: it is not */
	bool dismissed;     /* its death by SIGKILL is our own wish */
	char remote[64];
	struct source source; /* of its connection's client */
};

/* An address as text, and its port. */
struct endpoint {
	char address[46];
	uint16_t port;
};

struct listener {
	int fd;
	struct event ev;
	struct monitor *m;
	struct endpoint asked; /* port 0: any */
	bool wanted;           /* by the settings in force */
	bool paused;           /* until there are descriptors again */
};

/* A connection that was accepted. */
struct arrival {
	int fd;
	struct source source;
	struct endpoint remote, local;
};

/*
 * A question to the policy process, and the message that waits for its answer. Zero state:
 * nothing is asked.
 */
struct question {
	uint64_t id;    /* 0: none */
	uint8_t *asked; /* wire form */
	size_t asked_n;
};

/* A message that waited for an answer. */
struct kept_msg {
	uint8_t *bytes; /* what msg points into */
	struct msg msg;
};

/* A channel that the monitor had a say in. */
struct mchan {
	uint32_t chan;
	bool session;
	struct login
	    *login; /* helper of a started session, or of a connecting unix socket */
	uint64_t request;           /* connector request under way; 0: none */
	struct chan_policy *policy; /* where a script hears of channels; else NULL */
	struct mchan *next;
};

/* A listener that a client asked for. */
struct mlisten {
	struct conn *c;
	uint32_t listen;
	uint64_t request; /* the connector's name for it; 0: a helper holds it */
	struct login *login;
	bool told; /* listen_result was sent */
	struct question question;
	struct kept_msg start; /* until it is told that it was granted */
	struct mlisten *next;
};

/* A key whose holder proved to hold it. */
struct proved_key {
	struct key_options *options;
	struct exhash_value digest; /* of its plain blob: each key counts once */
	char fingerprint[PK_FINGERPRINT_BYTES]; /* of the same */
};

/* A login attempt that waits for somebody. */
struct attempt {
	enum auth_method {
		METHOD_NONE,
		METHOD_PUBLICKEY,
		METHOD_PASSWORD,
		METHOD_KBDINT
	} method;
	uint64_t began_us;
	uint8_t *copy; /* holds the spans below */
	size_t copy_n;
	struct span algorithm, key, hostkey, signature, secret, devices;
	bool hostbound, proof;
	bool key_good;  /* the key is sound, and the signature over a proof verified */
	enum err rules; /* what the static rules found, while a script is asked */
	bool fresh;     /* the account was looked up anew for this attempt */
	enum key_source {
		KEY_OF_FILES,              /* those of account, and TrustedUserCAKeys */
		KEY_OF_PRINCIPALS_COMMAND, /* listed are principals */
		KEY_OF_KEYS_COMMAND        /* listed are keys */
	} key_source;
	bool key_barred; /* revoked or malformed: nobody's list lets it in */
	bool
	    wants_principals; /* a certificate that only lacks an authorized principal */
	uint8_t *listed_store;
	struct span listed; /* what a command said: triples as those of an account */
};

/* Keys in tokens that a configuration names. Zero state: {0}. */
struct token_set {
	struct token *token[LIMIT_HOSTKEYS];
	size_t n;
};

/* Is told that all tokens which it waits for were opened or refused. */
typedef void tokens_waiter_fn(struct monitor *m);

/* What a host key signs, and for what; see sign.h. */
struct sign_what {
	size_t hostkey;
	const struct pk_alg *alg;
	struct exhash_value hash; /* of a key exchange; else empty */
};

/* Keys, trust and identification string: a connection ends with those it began with. */
struct ring {
	struct hostkeys keys;
	struct token_set tokens; /* that keys point to */
	struct trust trust;
	char ident[LIMIT_IDENT_BYTES + 3]; /* with CR LF */
	char *algorithms; /* HostKeyAlgorithms: no other signature is given */
	bool sha1_kex;    /* KexAlgorithms has one: else no such hash is signed */
	unsigned refs;
};

/* What a login may last and carry; 0: without limit, but for the counts. See limits.h. */
struct limits {
	uint32_t idle_s, unused_s, total_s;
	uint32_t sessions, channels; /* open at once */
	uint64_t rate_in, rate_out;  /* bytes a second */
};

/* What a connection needs once a worker serves it. */
struct conn_work {
	struct link link;
	uint32_t child;
	bool told_end;
	enum err
	    doomed; /* why it ends in a turn of its own, conn_fail; OK: it does not */
	uint64_t told_tick; /* when its worker was told to disconnect; 0: it was not */
	struct exhash_value session_id;
	size_t hostkey;     /* whose signature began the connection */
	struct sign *signs; /* that it waits for, in order */
	size_t n_signs;
	char user[LIMIT_USER_BYTES + 1];
	char user_shown[LIMIT_SHOWN_BYTES]; /* the same, fit for a log line */
	char *client_version; /* kept where a script may ask for it; else NULL */
	bool user_claimed, user_known; /* known: accepted */
	struct account *account;
	struct settings *own_set; /* where Match blocks made a difference */
	const struct settings *set;
	struct attempt attempt;
	bool attempting;
	bool service_asked;   /* the script decides about the service */
	struct kbdint kbdint; /* the conversation of the attempt, if it is one */
	struct login *helper; /* looks up the account or verifies the password */
	struct event delay;   /* holds a refusal back */
	bool delayed;
	bool tried; /* a key, password or code: not just which methods there are */
	uint32_t failures;
	enum auth_method done[8];   /* methods that succeeded, in order */
	const char *done_device[8]; /* of keyboard-interactive: its source; else NULL */
	size_t n_done;
	bool banner_sent;
	struct key_options *tried_key; /* of the attempt's key; not proved */
	struct proved_key keys[LIMIT_PROVED_KEYS]; /* keys that opened a door */
	size_t n_keys;
	struct auth_policy *policy; /* NULL: no script was asked */
	struct grants *grants; /* what scripts attached to the login; NULL: nothing */
	uint32_t permits;
	struct limits limits;
	struct event total; /* its time is over */
	bool timed;
	struct mchan *chans;
	struct mlisten *listens;
	struct question global;  /* about a request to the connection itself */
	struct event send_retry; /* pieces of scripts wait for room in the link */
	bool send_waits;
	size_t send_queued;   /* bytes that scripts sent, of all channels */
	struct offer *offers; /* channels that the client has not taken yet */
	uint32_t n_offers, next_offer;
	bool timeout_set; /* instead of ConnectionTimeout: */
	uint32_t timeout_s;
	uint32_t n_chans, n_sessions, n_listens;
};

/* A connection. Small until its client speaks: a silent one costs this and a descriptor. */
struct conn {
	struct monitor *m;
	uint64_t id;
	int fd; /* the client's socket, until a worker has it */
	struct event ev;
	struct endpoint remote, local;
	struct source source;
	struct source block; /* as it was counted with PerSourceMaxStartups */
	uint64_t began_ms;
	struct config *config; /* what it began with */
	struct ring *ring;
	struct script *script; /* NULL: none */
	uint32_t policy_items; /* that wait or are asked */
	bool policy_used;      /* the policy process knows of it */
	bool told_connected;   /* on_connected was told */
	bool ended;            /* why, is known: */
	uint32_t end_reason;
	enum err end_err;
	struct conn *prev, *next;
	struct conn *startup_prev,
	    *startup_next; /* those that nobody logged in on, oldest first */
	bool startup;
	bool penalized; /* for more than that it ends without a login */
	struct conn_work *work;
};

struct monitor {
	struct event_base *base;
	struct options options;
	struct config *config;
	const struct settings *set;
	char code_page[LIMIT_CODEPAGE_ENV_BYTES]; /* NAME=VALUE for our programs */
	struct ring *ring;
	struct script *script;   /* in force; NULL: none */
	struct policy *policy;   /* NULL while there was no script */
	struct control *control; /* NULL: no control socket */
	struct control_access control_access;
	/* somebody follows events, and is to be told; NULL: nobody does */
	void (*follower)(struct conn *c, enum policy_event event, struct span facts);
	void (*reloaded)(struct monitor *m,
			 enum err e); /* waits for the end of a reload */
	struct loaded
	    *reloading;       /* waits for tokens, then for its script; NULL: none */
	struct token *tokens; /* all */
	tokens_waiter_fn *tokens_done; /* NULL: nobody waits */
	const struct token_set *tokens_waited;
	struct users users;
	struct clients clients;     /* AllowedClients, names looked up */
	struct passwords passwords; /* typed at start, for reloads */
	struct totp_seen totp_seen; /* outlives a reload */
	char bin_dir[1024];
	struct fork_server *forkers; /* all, retired ones too */
	struct fork_server *nursery, *login_master;
	struct connector connector;
	struct spare spares[LIMIT_SPARE_WORKERS];
	size_t n_spares;
	struct idmap children; /* struct child */
	struct idmap conns_by_id;
	struct idmap requests; /* struct request: what the connector was asked */
	struct listener **listeners;
	size_t n_listeners;
	struct conn *conns;
	struct conn *startup_first, *startup_last;
	size_t n_conns, n_startups,
	    n_told; /* n_told: told to disconnect, not gone yet */
	struct account *accounts;
	size_t n_accounts;
	struct penalties penalties;
	uint64_t next_id, next_request, next_question;
	uint32_t next_child;
	uint8_t *ipc_bytes; /* LIMIT_MSG_BYTES: every message is received here */
	struct banner *banners;
	struct helpers
	    *helpers; /* programs of PolicyHelper; NULL: none was asked yet */
	uint8_t delay_secret[16];
	struct metrics metrics;               /* what was counted, see metrics.h */
	struct metrics_server *metrics_server; /* NULL: MetricsListen none */
	uint64_t began_ms, quiet_since_ms;
	uint32_t restarts; /* of helpers that died, since the last quiet minute */
	struct event *tick, *sig[4];
	uint64_t
	    ticks; /* seconds in which we ran: nobody is to blame for a stall of ours */
	bool stopping;
	bool gave_up; /* our processes kept dying */
	struct detached detached;
};

/* Milliseconds and microseconds of the monotonic clock. */
uint64_t clock_ms(void);
uint64_t clock_us(void);

#endif

/*
 * One local session: what its files give to each other. A session is made by a process with all
 * rights (the keeper), run by one without any (the waiter), and lived in by the user's program.
 */
#ifndef MONITOR_LOGIN_SESSION_H
#define MONITOR_LOGIN_SESSION_H

#include "monitor/login/login.h"

#define SESSION_LISTENERS 3 /* agent; X11 on two address families */
#define SESSION_KEEP      (3 + SESSION_LISTENERS) /* stderr, monitor, program */

/* ---- pty.c -------------------------------------------------------------- */

struct pty {
	int master, slave; /* -1: absent */
	char name[64];     /* /dev/pts/N */
};

/* A terminal or three pipes; ours are non-blocking. */
struct stdio {
	struct pty pty;
	int ours[LIMIT_MSG_FDS], theirs[LIMIT_MSG_FDS]; /* -1: absent */
	size_t n_ours;
};

/* The state in which nothing is open. */
struct stdio stdio_none(void);

/*
 * Opens what the request asks for: a terminal of the account with its modes and size, or pipes.
 * Owns:   stdio_close closes
 * Errors: ERR_SYSTEM
 */
MUST_CHECK enum err stdio_open(struct stdio *io, const struct msg_login_session *m,
			       const struct account *a);
void stdio_close_theirs(struct stdio *io);
void stdio_close_ours(struct stdio *io);

/*
 * Makes it the standard input, output and error of this process, which leads its session.
 * Errors: ERR_SYSTEM
 */
MUST_CHECK enum err stdio_take(struct stdio *io);

/* ---- forwards.c: agent and X11 ------------------------------------------ */

struct forward {
	int fd;
	enum incoming_kind kind;
};

struct forwards {
	struct forward at[SESSION_LISTENERS];
	size_t n;
	char agent_dir[32], agent_path[64];       /* empty: no agent */
	char display[LIMIT_HOST_BYTES + 32];      /* DISPLAY; empty: no X11 */
	char auth_display[LIMIT_HOST_BYTES + 32]; /* as xauth is to know it */
	bool x11_single;
};

/* Opens the agent's socket, of the account. Errors: ERR_SYSTEM */
MUST_CHECK enum err agent_open(struct forwards *f, const struct account *a);

/* Finds a free display and listens on it. Errors: ERR_SYSTEM none is free; ERR_RANGE bad cookie */
MUST_CHECK enum err x11_open(struct forwards *f, const struct msg_login_session *m);

/* Accepts one connection of f->at[i] and sends it to the monitor. Errors: as ipc_send */
MUST_CHECK enum err forward_relay(const struct child *c, struct forwards *f, size_t i);

/* Closes all; removes the agent's socket and folder, which are the account's. */
void forwards_close(struct forwards *f);

/* ---- pam.c -------------------------------------------------------------- */

struct pam_link {
	void *handle; /* NULL: no PAM */
	bool open, cred;
	char *text; /* what modules want the user to read */
	size_t n_text;
};

/*
 * Opens a PAM session: account, credentials, session.
 * Owns:   pam_link_close; the link must not move while it is open
 * Errors: ERR_DENIED why says which module refused; ERR_SYSTEM
 */
MUST_CHECK enum err pam_link_open(struct pam_link *p, const struct msg_login_session *m,
				  const struct account *a, struct why *why);
/* Tells the modules which terminal it is. */
void pam_link_env(struct pam_link *p, struct env *e);
void pam_link_close(struct pam_link *p);

/* ---- record.c: utmp, wtmp, lastlog --------------------------------------- */

struct last_login {
	time_t when; /* 0: never */
	char host[256];
};

/* Reads when the user was last here. */
void record_last(uid_t uid, struct last_login *out);

/* Writes that a terminal is used by this process, or no longer. Only root can. */
void record_login(const struct account *a, const char *tty, struct span host);
void record_logout(const char *tty);

/* ---- program.c: the user's own program ----------------------------------- */

struct session {
	struct child *child;
	const struct msg_login_session *ask;
	char *command; /* empty: the login shell */
	struct account account;
	struct env env;
	struct stdio io;
	struct forwards forwards;
	struct pam_link pam;
	struct last_login last;
	bool recorded; /* utmp has it */
	pid_t program;
	int program_fd; /* pidfd */
};

/* Becomes the user and runs what was asked for. In the forked process; never returns. */
_Noreturn void program_run(struct session *s);

/* ---- rc.c: what runs before it -------------------------------------------- */

/* Runs ~/.ssh/rc or /etc/ssh/sshrc or xauth, as sshd does. As the user. */
void rc_run(struct session *s);

/* Writes a file to fd, if it is there; tells whether it is. */
bool show_file(const char *path, int fd);

/* ---- wait.c: while it runs ------------------------------------------------ */

/*
 * Relays signals and incoming connections until the program has ended and nothing is left to
 * relay, or the monitor is gone: then the program is hung up.
 */
void session_wait(struct session *s);

/* Hangs the program up, if it runs, and closes the listeners. */
void session_end(struct session *s);

#endif

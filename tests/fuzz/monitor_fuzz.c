/*
 * The monitor against all of its processes at once. The input is a script: clients come, and worker,
 * connector and login helpers say what they like, sound or not, in any order, with descriptors or without,
 * or end. Whatever they say: a connection has rights only where a helper said that its password is right,
 * counts are those of the lists, what is answered is a message of the table, and at the end nothing is left
 * open.
 */
#include "tests/fuzz/monitor_far.h"

#define STEPS 96

/* ---- steps ---- */

static void step_client(struct rd *r)
{
	const struct endpoint remote = {"192.0.2.1", 1024}, local = {"192.0.2.2", 22};
	int pair[2];

	if (f.m.n_conns >= WORKERS)
		return;
	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			  pair) == 0);
	expect(conn_begin(&f.m, &(struct arrival){pair[0], {0}, remote, local}) == OK);
	if (rd_u8(r) % 8 != 0)
		expect(write(pair[1], "SSH", 3) == 3);
	else
		settle();
	settle();
	close(pair[1]);
}

/* Any message of that peer's, in its state or not. */
static void step_says(struct rd *r)
{
	int *far = pick(rd_u8(r));
	uint8_t type = rd_u8(r);
	size_t n_fds = rd_u8(r) % 4;
	struct msg m = {0};

	for (size_t i = 0; i < MSG_COUNT; i++, type++) {
		m.type = type % MSG_COUNT;
		if (msg_rules[m.type].peer == peer_of(far) &&
		    msg_rules[m.type].states != 0)
			break;
	}
	if (msg_make(r, &m))
		far_sends(*far, &m, n_fds % (msg_rules[m.type].fds + 1));
}

static void step_raw(struct rd *r)
{
	int *far = pick(rd_u8(r));
	struct span bytes = take_short(r);

	if (*far >= 0 && bytes.n > 0)
		(void)!send(*far, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void step_ends(struct rd *r)
{
	int *far = pick(rd_u8(r));

	if (*far >= 0)
		close(*far);
	*far = -1;
}

static void step_kex(struct rd *r)
{
	far_sends(f.worker[rd_u8(r) % WORKERS],
		  &MSG_OF(kex_sign, .algorithm = SPAN_LIT("ssh-ed25519"), .digest = 1,
			  .v_client = SPAN_LIT("SSH-2.0-x")),
		  0);
}

static void step_password(struct rd *r)
{
	uint8_t who = rd_u8(r);

	far_sends(f.worker[who % WORKERS],
		  &MSG_OF(auth_password,
			  .user = who % 8 < 4 ? SPAN_LIT("alice") : SPAN_LIT("bob"),
			  .service = SPAN_LIT("ssh-connection"),
			  .password = SPAN_LIT("secret")),
		  0);
}

static void step_kbdint(struct rd *r)
{
	uint8_t who = rd_u8(r);

	far_sends(f.worker[who % WORKERS],
		  &MSG_OF(auth_kbdint,
			  .user = who % 8 < 4 ? SPAN_LIT("alice") : SPAN_LIT("bob"),
			  .service = SPAN_LIT("ssh-connection")),
		  0);
}

/* One answer, or more than were asked for. */
static void step_answers(struct rd *r)
{
	static const uint8_t answers[] = {0, 0, 0, 1, 'x', 0, 0, 0, 0};
	uint8_t who = rd_u8(r);

	far_sends(f.worker[who % WORKERS],
		  &MSG_OF(auth_answers, .count = 1 + who / 128,
			  .answers = {answers, who < 128 ? 5 : sizeof answers}),
		  0);
}

/* One that was not asked that is ended for it. */
static void helpers_say(const struct msg *m)
{
	for (size_t i = 0; i < HELPERS; i++)
		far_sends(f.helper[i], m, 0);
}

static void step_found(struct rd *r)
{
	static const uint8_t groups[] = {0, 0, 0, 1, 'g'};

	helpers_say(&MSG_OF(account_found, .found = 1, .uid = 1000 + rd_u8(r) % 2,
			    .groups = SPAN_OF(groups)));
}

static void step_checked(struct rd *r)
{
	helpers_say(&MSG_OF(password_checked, .ok = rd_u8(r) % 4 != 0));
}

/* PAM asks one thing, or is done. */
static void step_pam(struct rd *r)
{
	static const uint8_t prompts[] = {0, 0, 0, 1, '?', 0};
	uint8_t what = rd_u8(r);

	if (what % 4 != 0)
		helpers_say(&MSG_OF(kbdint_prompt, .count = 1,
				    .prompts = {prompts, sizeof prompts}));
	else
		helpers_say(&MSG_OF(kbdint_ended, .ok = what / 4 % 2));
}

/* A client whose user the helpers let in; the worker is the last that there is. */
static void step_login(struct rd *r)
{
	/* as step_password reads them: alice, bob */
	static const uint8_t users[2][WORKERS] = {
	    {0, 1, 2},
            {6, 4, 5}
        };
	static void (*const steps[])(struct rd *) = {step_kex, step_password,
						     step_found, step_checked};
	const uint8_t *who = users[rd_u8(r) % 2];
	size_t i = WORKERS - 1;

	step_client(&RD(SPAN_LIT("\1")));
	while (i > 0 && f.worker[i] < 0)
		i--;
	for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
		const uint8_t byte = k < 2 ? who[i] : 1;

		steps[k](&RD(((struct span){&byte, 1})));
		settle();
	}
}

/* What a worker says of channels and listeners, and helpers answer, each in its right form. */
static void step_sound(struct rd *r)
{
	const uint32_t chan = rd_u8(r) % 2;
	const uint8_t what = rd_u8(r);
	const struct msg says[] = {
	    MSG_OF(open_session, .chan = chan),
	    MSG_OF(session_start, .chan = chan, .kind = what % 3),
	    MSG_OF(session_signal, .chan = chan, .signal = SPAN_LIT("TERM")),
	    MSG_OF(open_unix, .chan = chan, .path = SPAN_LIT("/s")),
	    MSG_OF(open_tcp, .chan = chan, .host = SPAN_LIT("h"), .port = 1),
	    MSG_OF(listen_unix, .listen = chan, .path = SPAN_LIT("/l")),
	    MSG_OF(listen_tcp, .listen = chan, .host = SPAN_LIT("*")),
	    MSG_OF(listen_stop, .listen = chan),
	    MSG_OF(chan_closed, .chan = chan),
	    MSG_OF(open_other, .chan = chan, .type = SPAN_LIT("x")),
	    MSG_OF(chan_request, .chan = chan, .global = what % 2,
		   .name = SPAN_LIT("env"), .payload = SPAN_LIT("\0\0\0\1A\0\0\0\0")),
	    MSG_OF(chan_requested, .chan = chan, .name = SPAN_LIT("env")),
	    MSG_OF(chan_event, .chan = chan, .event = what % 3),
	    MSG_OF(chan_data, .chan = chan, .data = SPAN_LIT("data")),
	    MSG_OF(chan_want, .chan = chan),
	};
	const struct msg answers[] = {
	    MSG_OF(unix_connected, .ok = 0), MSG_OF(unix_bound, .ok = what % 2),
	    MSG_OF(login_started, .ok = what % 2), MSG_OF(login_exited, .status = 1),
	    MSG_OF(login_log, .level = 1, .text = SPAN_LIT("text"))};
	const size_t n_says = sizeof says / sizeof *says;
	const size_t i = what / 2 % (n_says + sizeof answers / sizeof *answers);

	if (i < n_says)
		far_sends(f.worker[rd_u8(r) % WORKERS], &says[i], 0);
	else
		far_sends(f.helper[rd_u8(r) % HELPERS], &answers[i - n_says], 0);
}

/* The script changes its mind, and does something with a channel. */
static void step_script(struct rd *r)
{
	const uint8_t what = rd_u8(r);

	f.opinion = rd_u8(r);
	far_sends(
	    f.policy,
	    &MSG_OF(policy_action, .conn = what % WORKERS + 1U, .channel = what / 4 % 2,
		    .action = what / 8 % POLICY_ACTION_COUNT,
		    .data = what >= 128 ? SPAN_LIT("\0\0\0\10") : (struct span){0}),
	    0);
}

static void step_time(struct rd *r)
{
	f.now_ms += (uint64_t)rd_u8(r) * 1000;
	conns_tick(&f.m);
	/* refusals that are held back */
	for (struct conn *c = f.m.conns; c != NULL; c = c->next)
		if (c->work != NULL && c->work->delayed)
			event_active(&c->work->delay, EV_TIMEOUT, 1);
}

/* The lowest number that is free tells whether something was left open. */
static int lowest_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	expect(fd >= 0);
	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const steps[])(struct rd *) = {
	    step_login, step_says,   step_raw,     step_ends,    step_client,
	    step_kex,   step_time,   step_found,   step_checked, step_password,
	    step_sound, step_kbdint, step_answers, step_pam,     step_script};
	struct rd r = RD(((struct span){data, n}));
	int fd;

	if (f.m.base == NULL)
		load_once();
	fd = lowest_fd();
	begin();
	for (size_t i = 0; i < STEPS && r.left.n > 0; i++) {
		steps[rd_u8(&r) % (sizeof steps / sizeof *steps)](&r);
		settle();
	}
	end();
	expect(lowest_fd() == fd);
	return 0;
}

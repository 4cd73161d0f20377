/*
 * Clients: lines come in, answers and events go out. Each client has one call under way and a bounded share of
 * memory; who does not read is not served until it does, and holds up nobody else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/control/control.h"
#include "monitor/control/text.h"

#define SLOT_BITS 32

/* ---- its place ---- */

uint64_t client_call_id(const struct client *c)
{
	return (uint64_t)c->id << SLOT_BITS | c->slot;
}

struct client *client_of_call(struct control *k, uint64_t call)
{
	uint32_t slot = (uint32_t)call;
	struct client *c = slot < LIMIT_CONTROL_CLIENTS ? k->client[slot] : NULL;

	return c != NULL && client_call_id(c) == call && c->state == CLIENT_ASKED
		   ? c
		   : NULL;
}

static bool take_slot(struct control *k, struct client *c)
{
	for (uint32_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++) {
		if (k->client[i] == NULL) {
			k->client[i] = c;
			c->slot = i;
			return true;
		}
	}
	return false;
}

static size_t beyond_free(size_t bytes)
{
	return bytes > LIMIT_CONTROL_LINE_FREE_BYTES
		   ? bytes - LIMIT_CONTROL_LINE_FREE_BYTES
		   : 0;
}

static void in_drop(struct client *c)
{
	c->k->in_bytes -= beyond_free(c->in_cap);
	free(c->in);
	c->in = NULL;
	c->in_n = c->in_cap = c->looked = 0;
}

void client_free(struct client *c)
{
	c->k->client[c->slot] = NULL;
	free(c);
}

static void hang_up(struct client *c)
{
	follow_end(c);
	event_del(&c->readable);
	event_del(&c->writable);
	close(c->fd);
	c->fd = -1;
	in_drop(c);
	evbuffer_free(c->out);
	c->out = NULL;
	call_wipe(&c->call);
	if (c->state != CLIENT_QUEUED)
		TAILQ_INSERT_TAIL(&c->k->queue, c, queued);
	c->state = CLIENT_QUEUED; /* its end */
	control_link_send(c->k);
}

void client_cut(struct client *c)
{
	if (c->fd < 0)
		return;
	(void)evbuffer_write(c->out, c->fd);
	hang_up(c);
}

/* ---- lines ---- */

static bool in_grow(struct client *c, size_t n)
{
	size_t cap = c->in_cap == 0 ? LIMIT_CONTROL_LINE_FREE_BYTES : c->in_cap;
	size_t more;
	uint8_t *p;

	while (cap - c->in_n < n)
		cap *= 2;
	if (cap == c->in_cap)
		return true;
	more = beyond_free(cap) - beyond_free(c->in_cap);
	if (more > LIMIT_CONTROL_LINES_BYTES - c->k->in_bytes)
		return false;
	p = realloc(c->in, cap);
	if (p == NULL)
		return false;
	c->in = p;
	c->in_cap = cap;
	c->k->in_bytes += more;
	return true;
}

/* The first line that is whole, or what is left when no more will come. */
static bool line_find(struct client *c, struct span *out, size_t *used)
{
	const uint8_t *end = c->in_n > c->looked
				 ? memchr(c->in + c->looked, '\n', c->in_n - c->looked)
				 : NULL;

	if (end != NULL) {
		*out = (struct span){c->in, (size_t)(end - c->in)};
		*used = out->n + 1;
		return true;
	}
	c->looked = c->in_n;
	*out = (struct span){c->in, c->in_n};
	*used = c->in_n;
	return c->eof && c->in_n > 0;
}

static bool is_blank(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r')
			return false;
	return true;
}

static void call_begin(struct client *c, struct span line)
{
	enum ctl_error e = call_parse(line, &c->call);

	if (e == CTL_OK)
		e = text_encode(c->k->page, &c->call);
	c->begun = false;
	c->rows = 0;
	c->next = 0;
	if (e != CTL_OK) {
		reply_error(c, e, c->call.text);
		call_wipe(&c->call);
	} else if (ctl_methods[c->call.method].kind == CTL_STREAM) {
		follow_begin(c);
		call_wipe(&c->call);
	} else {
		c->state = CLIENT_QUEUED;
		TAILQ_INSERT_TAIL(&c->k->queue, c, queued);
		control_link_send(c->k);
	}
}

static void line_take(struct client *c)
{
	struct span line;
	size_t used;

	if (!line_find(c, &line, &used)) {
		if (c->in_n > LIMIT_CONTROL_LINE_BYTES) {
			reply_error(c, CTL_BAD_LINE_LENGTH, "a line may have 1 MiB");
			client_cut(c);
		}
		return;
	}
	if (line.n > LIMIT_CONTROL_LINE_BYTES) {
		reply_error(c, CTL_BAD_LINE_LENGTH, "a line may have 1 MiB");
		client_cut(c);
		return;
	}
	if (!is_blank(line))
		call_begin(c, line);
	if (c->fd < 0)
		return;
	memmove(c->in, c->in + used, c->in_n - used);
	c->in_n -= used;
	c->looked = 0;
	if (c->in_n == 0)
		in_drop(c);
}

void client_answered(struct client *c)
{
	call_wipe(&c->call);
	c->state = CLIENT_IDLE;
	c->begun = false; /* events may come between the lines again */
}

/* ---- as it goes ---- */

static bool has_room(const struct client *c)
{
	return evbuffer_get_length(c->out) < LIMIT_CONTROL_OUT_BYTES;
}

static void want(struct event *ev, bool wanted)
{
	if (wanted && event_pending(ev, EV_READ | EV_WRITE, NULL) == 0)
		(void)event_add(ev, NULL);
	else if (!wanted)
		event_del(ev);
}

void client_step(struct client *c)
{
	size_t before = SIZE_MAX;

	while (c->fd >= 0 && c->state == CLIENT_IDLE && has_room(c) &&
	       c->in_n < before && c->in_n > 0) {
		before = c->in_n;
		line_take(c);
	}
	if (c->fd < 0)
		return;
	if (c->state == CLIENT_FULL && has_room(c)) {
		c->state = CLIENT_QUEUED;
		TAILQ_INSERT_TAIL(&c->k->queue, c, queued);
		control_link_send(c->k);
	}
	if (c->eof && c->state == CLIENT_IDLE && c->in_n == 0 &&
	    evbuffer_get_length(c->out) == 0) {
		hang_up(c);
		return;
	}
	want(&c->readable, !c->eof && c->state == CLIENT_IDLE && has_room(c));
	want(&c->writable, evbuffer_get_length(c->out) > 0);
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct client *c = arg;
	ssize_t n = read(fd, c->k->chunk, LIMIT_CONTROL_READ_BYTES);

	(void)events;
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		hang_up(c);
		return;
	}
	if (n == 0)
		c->eof = true;
	if (n > 0 && !in_grow(c, (size_t)n)) {
		reply_error(c, CTL_BAD_NO_SPACE,
			    "too many long lines of all clients at once");
		client_cut(c);
		return;
	}
	if (n > 0) {
		memcpy(c->in + c->in_n, c->k->chunk, (size_t)n);
		c->in_n += (size_t)n;
	}
	client_step(c);
}

static void on_writable(evutil_socket_t fd, short events, void *arg)
{
	struct client *c = arg;

	(void)events;
	if (evbuffer_write(c->out, fd) < 0 && errno != EAGAIN && errno != EINTR) {
		hang_up(c);
		return;
	}
	client_step(c);
}

void client_begin(struct control *k, const struct msg_ctl_client *m, int fd)
{
	struct client *c = calloc(1, sizeof *c);

	if (c == NULL || !take_slot(k, c)) {
		log_error("control: no room for a client");
		free(c);
		close(fd);
		return;
	}
	c->k = k;
	c->id = m->client;
	c->role = (enum ctl_role)m->role;
	c->fd = fd;
	c->out = evbuffer_new();
	if (c->out == NULL ||
	    event_assign(&c->readable, k->base, fd, EV_READ | EV_PERSIST, on_readable,
			 c) != 0 ||
	    event_assign(&c->writable, k->base, fd, EV_WRITE | EV_PERSIST, on_writable,
			 c) != 0 ||
	    event_add(&c->readable, NULL) != 0) {
		log_error("control: no memory for a client");
		event_base_loopbreak(k->base); /* the monitor starts us anew */
	}
}

void clients_flush(struct control *k)
{
	for (size_t i = 0; i < LIMIT_CONTROL_CLIENTS; i++)
		if (k->client[i] != NULL && k->client[i]->fd >= 0)
			(void)evbuffer_write(k->client[i]->out, k->client[i]->fd);
}

/*
 * A list of chunks, filled at the end and written from the front. Only the last chunk
 * has room, so memory follows the bytes that wait however small the packets were in
 * which they came.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/limits.h"
#include "worker/chan/queue.h"

#define GATHER 8 /* chunks in one writev: as much as a pipe or socket buffer takes */

struct chunk {
	struct chunk *next;
	size_t start, n; /* bytes[start .. start+n) wait */
	uint8_t bytes[LIMIT_CHAN_PACKET_BYTES];
};

enum write_result fd_write(int fd, struct span s, size_t *taken)
{
	ssize_t n;

	*taken = 0;
	do
		n = write(fd, s.p, s.n);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? WRITE_SOME
							       : WRITE_FAILED;
	*taken = (size_t)n;
	return *taken == s.n ? WRITE_ALL : WRITE_SOME;
}

static bool grow(struct queue *q)
{
	struct chunk *c = malloc(sizeof *c);

	if (c == NULL)
		return false;
	c->next = NULL;
	c->start = c->n = 0;
	if (q->last == NULL)
		q->first = c;
	else
		q->last->next = c;
	q->last = c;
	return true;
}

enum err queue_put(struct queue *q, struct span s)
{
	while (s.n > 0) {
		struct chunk *c = q->last;
		size_t room = c == NULL ? 0 : sizeof c->bytes - c->start - c->n;
		size_t n = s.n < room ? s.n : room;

		if (room == 0) {
			if (!grow(q))
				return ERR_MEMORY;
			continue;
		}
		memcpy(c->bytes + c->start + c->n, s.p, n);
		c->n += n;
		q->n += n;
		s = (struct span){s.p + n, s.n - n};
	}
	return OK;
}

static void drop(struct queue *q, size_t n)
{
	q->n -= n;
	while (q->first != NULL) {
		struct chunk *c = q->first;
		size_t here = n < c->n ? n : c->n;

		c->start += here;
		c->n -= here;
		n -= here;
		if (c->n > 0)
			return;
		q->first = c->next;
		free(c);
	}
	q->last = NULL;
}

static ssize_t write_front(const struct queue *q, int fd, size_t *offered)
{
	struct iovec iov[GATHER];
	int n_iov = 0;
	ssize_t n;

	*offered = 0;
	for (struct chunk *c = q->first; c != NULL && n_iov < GATHER; c = c->next) {
		iov[n_iov++] = (struct iovec){c->bytes + c->start, c->n};
		*offered += c->n;
	}
	do
		n = writev(fd, iov, n_iov);
	while (n < 0 && errno == EINTR);
	return n;
}

enum write_result queue_flush(struct queue *q, int fd, size_t *taken)
{
	*taken = 0;
	while (q->n > 0) {
		size_t offered;
		ssize_t n = write_front(q, fd, &offered);

		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? WRITE_SOME
								       : WRITE_FAILED;
		drop(q, (size_t)n);
		*taken += (size_t)n;
		if ((size_t)n < offered)
			return WRITE_SOME;
	}
	return WRITE_ALL;
}

void queue_take(struct queue *q, uint8_t *p, size_t n)
{
	while (n > 0) {
		const struct chunk *c = q->first;
		size_t here = n < c->n ? n : c->n;

		memcpy(p, c->bytes + c->start, here);
		p += here;
		n -= here;
		drop(q, here);
	}
}

void queue_wipe(struct queue *q)
{
	drop(q, q->n);
	*q = (struct queue){0};
}

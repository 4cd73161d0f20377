/* Datagrams between processes, as a liar sends them. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/ipc.h"
#include "tests/unit.h"

/* Sends n bytes with the descriptor fd. */
static void send_raw(int sock, const void *bytes, size_t n, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {0};
	struct iovec iov = {.iov_base = (void *)bytes, .iov_len = n};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	ck_assert_int_eq(sendmsg(sock, &h, 0), (ssize_t)n);
}

static void leaves_no_descriptor(const char *bytes, size_t n, enum err e)
{
	uint8_t store[256];
	struct wr buf = WR(store);
	struct ipc_fds fds;
	struct msg m;
	int pair[2], before, after;

	ck_assert_int_eq(ipc_pair(pair), OK);
	before = dup(pair[0]);
	send_raw(pair[0], bytes, n, before);
	ck_assert_int_eq(ipc_recv(pair[1], &buf, false, &m, &fds), e);
	ck_assert_uint_eq(fds.n, 0);
	after = dup(pair[0]);
	ck_assert_msg(after == before + 1, "descriptor %d is open", before + 1);
}

START_TEST(an_empty_message_ends_the_link_and_leaves_no_descriptor)
{
	leaves_no_descriptor("", 0, ERR_CLOSED);
}
END_TEST

START_TEST(a_malformed_message_leaves_no_descriptor)
{
	leaves_no_descriptor("\377\377\377", 3, ERR_RANGE);
}
END_TEST

START_TEST(a_descriptor_that_no_message_of_its_kind_carries_is_closed)
{
	uint8_t store[64];
	struct wr w = WR(store);

	msg_encode(&w, &MSG_OF(fork_kill, .child = 1));
	leaves_no_descriptor((const char *)store, w.n, ERR_RANGE);
}
END_TEST

START_TEST(a_message_arrives_with_its_descriptor)
{
	uint8_t store[64];
	struct wr buf = WR(store);
	struct ipc_fds fds;
	struct msg m;
	int pair[2];

	ck_assert_int_eq(ipc_pair(pair), OK);
	ck_assert_int_eq(ipc_recv(pair[1], &buf, false, &m, &fds), ERR_AGAIN);
	ck_assert_int_eq(
	    ipc_send(pair[0], &MSG_OF(fork_child, .child = 7), &pair[0], 1, false), OK);
	ck_assert_int_eq(ipc_recv(pair[1], &buf, false, &m, &fds), OK);
	ck_assert_int_eq(m.type, MSG_fork_child);
	ck_assert_uint_eq(m.u.fork_child.child, 7);
	ck_assert_uint_eq(fds.n, 1);
	ck_assert_int_eq(fcntl(fds.fd[0], F_GETFD), FD_CLOEXEC);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_ipc");
	TCase *t = tcase_create("datagrams");

	tcase_add_test(t, an_empty_message_ends_the_link_and_leaves_no_descriptor);
	tcase_add_test(t, a_malformed_message_leaves_no_descriptor);
	tcase_add_test(t, a_descriptor_that_no_message_of_its_kind_carries_is_closed);
	tcase_add_test(t, a_message_arrives_with_its_descriptor);
	suite_add_tcase(s, t);
	return s;
}

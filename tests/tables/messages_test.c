/*
 * common/msg.def as a table: every message x sender x state x budget, every field at its bound.
 */
#include <stdlib.h>
#include <string.h>

#include "common/msg.h"
#include "tests/unit.h"

static uint8_t wire_bytes[LIMIT_MSG_BYTES * 2];
static uint8_t field_bytes[LIMIT_MSG_BYTES];

/* Each row's fields at their largest (full) or smallest. */
static void put_u8(struct wr *w, uint64_t max, bool full)
{
	wr_u8(w, full ? (uint8_t)(max != 0 ? max : UINT8_MAX) : 0);
}

static void put_u32(struct wr *w, uint64_t max, bool full)
{
	wr_u32(w, full ? (uint32_t)(max != 0 ? max : UINT32_MAX) : 0);
}

static void put_u64(struct wr *w, uint64_t max, bool full)
{
	wr_u64(w, full ? (max != 0 ? max : UINT64_MAX) : 0);
}

static void put_bytes(struct wr *w, uint64_t max, bool full)
{
	wr_bytes(w, (struct span){field_bytes, full ? max : 0});
}

#define F(type, name, max) put_##type(w, max, full);
#define MSG(name, peer, states, budget, fds, fields)            \
	static void build_##name(struct wr *w, bool full)       \
	{                                                       \
		wr_u8(w, MSG_##name);                           \
		fields                                          \
	}
#include "common/msg.def"
#undef F
#undef MSG

typedef void build_fn(struct wr *w, bool full);
static build_fn *const builders[MSG_COUNT] = {
#define MSG(name, peer, states, budget, fds, fields) [MSG_##name] = build_##name,
#include "common/msg.def"
#undef MSG
};

/* One row a field: where its value may not go. */
struct field_row {
	const char *message, *field;
	enum msg_type type;
	size_t width; /* bytes of the field's type; of a span for strings */
	uint64_t max;
};

#define FIELD_ROWS_MAX 1024
static struct field_row field_rows[FIELD_ROWS_MAX];
static size_t n_field_rows;

static void list_message(const char *name, enum msg_type type)
{
	ck_assert_uint_lt(n_field_rows, FIELD_ROWS_MAX);
	field_rows[n_field_rows++] = (struct field_row){.message = name, .type = type};
}

static void list_field(const char *name, size_t width, uint64_t max)
{
	ck_assert_uint_lt(n_field_rows, FIELD_ROWS_MAX);
	field_rows[n_field_rows++] =
	    (struct field_row){.field = name, .width = width, .max = max};
}

static void list_all(void)
{
	n_field_rows = 0;
#define F(type, field, max) list_field(#field, sizeof(FIELD_##type), max);
#define MSG(name, peer, states, budget, fds, fields) \
	list_message(#name, MSG_##name);             \
	fields
#include "common/msg.def"
#undef F
#undef MSG
}

static struct span build(enum msg_type type, bool full)
{
	struct wr w = WR(wire_bytes);
	struct span out = {0};

	builders[type](&w, full);
	ck_assert_msg(wr_end(&w, &out) == OK, "%s does not fit", msg_rules[type].name);
	return out;
}

START_TEST(every_message_is_the_same_after_decode_and_encode)
{
	static uint8_t again[LIMIT_MSG_BYTES * 2];

	for (unsigned t = 0; t < MSG_COUNT; t++)
		for (int full = 0; full < 2; full++) {
			struct span in = build((enum msg_type)t, full != 0), out;
			struct wr w = WR(again);
			struct msg m;

			ck_assert_int_eq(msg_decode(in, &m), OK);
			ck_assert_uint_eq(msg_bytes(&m), in.n);
			msg_encode(&w, &m);
			ck_assert_int_eq(wr_end(&w, &out), OK);
			ck_assert(span_equal(in, out));
		}
}
END_TEST

START_TEST(every_message_fits_its_datagram)
{
	for (unsigned t = 0; t < MSG_COUNT; t++) {
		struct span in = build((enum msg_type)t, true);

		if (msg_rules[t].states == 0 && msg_rules[t].peer == MSG_WORKER)
			ck_assert_msg(in.n <= LIMIT_WORKER_MSG_BYTES, "%s: %zu",
				      msg_rules[t].name, in.n);
		/* these carry more than one long field; their senders stay below the sum */
		else if (t != MSG_login_session && t != MSG_kex_sign)
			ck_assert_msg(in.n <= LIMIT_MSG_BYTES, "%s: %zu", msg_rules[t].name, in.n);
	}
}
END_TEST

START_TEST(every_truncation_and_every_tail_is_refused)
{
	struct msg m;

	for (unsigned t = 0; t < MSG_COUNT; t++) {
		struct span in = build((enum msg_type)t, false);

		for (size_t cut = 0; cut < in.n; cut++)
			ck_assert_int_ne(msg_decode((struct span){in.p, cut}, &m), OK);
		wire_bytes[in.n] = 0;
		ck_assert_int_eq(msg_decode((struct span){in.p, in.n + 1}, &m), ERR_TRAILING);
	}
}
END_TEST

START_TEST(every_type_beyond_the_table_is_refused)
{
	struct msg m;

	for (unsigned t = MSG_COUNT; t < 256; t++) {
		const uint8_t byte = (uint8_t)t;

		ck_assert_int_eq(msg_decode((struct span){&byte, 1}, &m), ERR_RANGE);
	}
}
END_TEST

/* Writes a message whose field number over is one beyond its bound. */
static struct span build_over(const struct field_row *row, size_t over)
{
	struct wr w = WR(wire_bytes);
	struct span out = {0};

	wr_u8(&w, (uint8_t)row->type);
	for (size_t i = 1; row[i].message == NULL && &row[i] < field_rows + n_field_rows; i++) {
		size_t v = i == over ? row[i].max + 1 : 0;

		if (row[i].width == sizeof(struct span))
			wr_bytes(&w, (struct span){field_bytes, v});
		else if (row[i].width == sizeof(uint8_t))
			wr_u8(&w, 0);
		else if (row[i].width == sizeof(uint32_t))
			wr_u32(&w, 0);
		else
			wr_u64(&w, 0);
	}
	ck_assert_int_eq(wr_end(&w, &out), OK);
	return out;
}

START_TEST(every_string_beyond_its_bound_is_refused)
{
	const struct field_row *row = NULL;
	size_t n = 0, i = 0;
	struct msg m;

	list_all();
	for (size_t at = 0; at < n_field_rows; at++) {
		if (field_rows[at].message != NULL) {
			row = &field_rows[at];
			i = 0;
			continue;
		}
		i++;
		if (field_rows[at].width != sizeof(struct span))
			continue;
		ck_assert_msg(field_rows[at].max != 0, "%s.%s has no bound", row->message,
			      field_rows[at].field);
		ck_assert_msg(msg_decode(build_over(row, i), &m) != OK, "%s.%s", row->message,
			      field_rows[at].field);
		n++;
	}
	ck_assert_uint_gt(n, 60);
}
END_TEST

START_TEST(a_field_beyond_its_bound_is_not_sent)
{
	struct msg m = MSG_OF(kex_sign, .hostkey = LIMIT_HOSTKEYS + 1);
	struct wr w = WR(wire_bytes);

	msg_encode(&w, &m);
	ck_assert_int_eq(w.err, ERR_RANGE);
	m = MSG_OF(auth_none, .user = {field_bytes, LIMIT_USER_BYTES + 1});
	w = WR(wire_bytes);
	msg_encode(&w, &m);
	ck_assert_int_eq(w.err, ERR_RANGE);
}
END_TEST

START_TEST(every_message_is_permitted_where_its_row_says_and_nowhere_else)
{
	uint32_t sent[MSG_COUNT] = {0};
	unsigned allowed = 0;

	for (unsigned t = 0; t < MSG_COUNT; t++)
		for (unsigned p = 0; p < MSG_PEER_COUNT; p++)
			for (unsigned s = 0; s < MSG_STATE_COUNT; s++) {
				const struct msg_rule *r = &msg_rules[t];
				bool want = r->peer == p && (r->states & 1u << s) != 0;
				enum err e = msg_permit((enum msg_type)t, (enum msg_peer)p,
							(enum msg_state)(1u << s), sent);

				ck_assert_msg(e == (want ? OK : ERR_FORBIDDEN),
					      "%s from %u in state %u", r->name, p, s);
				allowed += want;
			}
	ck_assert_uint_gt(allowed, 30);
}
END_TEST

START_TEST(every_budget_ends_where_its_row_says)
{
	for (unsigned t = 0; t < MSG_COUNT; t++) {
		const struct msg_rule *r = &msg_rules[t];
		uint32_t sent[MSG_COUNT] = {0};
		enum msg_state state = (enum msg_state)(r->states & (~r->states + 1));

		if (r->states == 0)
			continue;
		sent[t] = r->budget - 1;
		ck_assert_int_eq(msg_permit((enum msg_type)t, r->peer, state, sent), OK);
		sent[t] = r->budget;
		ck_assert_int_eq(msg_permit((enum msg_type)t, r->peer, state, sent), ERR_BUDGET);
	}
}
END_TEST

START_TEST(every_row_says_how_many_descriptors_and_no_more_than_fit)
{
	for (unsigned t = 0; t < MSG_COUNT; t++)
		ck_assert_uint_le(msg_rules[t].fds, LIMIT_MSG_FDS);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("tables_messages");
	TCase *t = tcase_create("messages");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_message_is_the_same_after_decode_and_encode);
	tcase_add_test(t, every_message_fits_its_datagram);
	tcase_add_test(t, every_truncation_and_every_tail_is_refused);
	tcase_add_test(t, every_type_beyond_the_table_is_refused);
	tcase_add_test(t, every_string_beyond_its_bound_is_refused);
	tcase_add_test(t, a_field_beyond_its_bound_is_not_sent);
	tcase_add_test(t, every_message_is_permitted_where_its_row_says_and_nowhere_else);
	tcase_add_test(t, every_budget_ends_where_its_row_says);
	tcase_add_test(t, every_row_says_how_many_descriptors_and_no_more_than_fit);
	suite_add_tcase(s, t);
	return s;
}

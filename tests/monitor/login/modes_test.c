/* Encoded terminal modes. */
#include <string.h>
#include <unistd.h>

#include "monitor/login/login.h"
#include "tests/unit.h"

/* Encodes one mode and applies it to io. */
static void apply(struct termios *io, uint8_t opcode, uint32_t value)
{
	uint8_t store[8];
	struct wr w = WR(store);

	wr_u8(&w, opcode);
	wr_u32(&w, value);
	wr_u8(&w, 0);
	ck_assert_int_eq(modes_apply((struct span){store, w.n}, io), OK);
}

START_TEST(modes_switch_each_flag_on_and_off)
{
	static const struct {
		uint8_t opcode;
		size_t field; /* 0 input, 1 local, 2 output, 3 control */
		tcflag_t flag;
	} rows[] = {
	    {30, 0, IGNPAR },
            {31, 0, PARMRK },
            {32, 0, INPCK  },
            {33, 0, ISTRIP },
	    {34, 0, INLCR  },
            {35, 0, IGNCR  },
            {36, 0, ICRNL  },
            {37, 0, IUCLC  },
	    {38, 0, IXON   },
            {39, 0, IXANY  },
            {40, 0, IXOFF  },
            {41, 0, IMAXBEL},
	    {42, 0, IUTF8  },
            {50, 1, ISIG   },
            {51, 1, ICANON },
            {52, 1, XCASE  },
	    {53, 1, ECHO   },
            {54, 1, ECHOE  },
            {55, 1, ECHOK  },
            {56, 1, ECHONL },
	    {57, 1, NOFLSH },
            {58, 1, TOSTOP },
            {59, 1, IEXTEN },
            {60, 1, ECHOCTL},
	    {61, 1, ECHOKE },
            {62, 1, PENDIN },
            {70, 2, OPOST  },
            {71, 2, OLCUC  },
	    {72, 2, ONLCR  },
            {73, 2, OCRNL  },
            {74, 2, ONOCR  },
            {75, 2, ONLRET },
	    {92, 3, PARENB },
            {93, 3, PARODD },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct termios t = {0};
		tcflag_t *fields[] = {&t.c_iflag, &t.c_lflag, &t.c_oflag, &t.c_cflag};

		apply(&t, rows[i].opcode, 1);
		ck_assert_msg(*fields[rows[i].field] == rows[i].flag, "opcode %d on",
			      rows[i].opcode);
		apply(&t, rows[i].opcode, 0);
		ck_assert_msg(*fields[rows[i].field] == 0, "opcode %d off",
			      rows[i].opcode);
	}
}
END_TEST

START_TEST(modes_set_each_character)
{
	static const struct {
		uint8_t opcode;
		size_t index;
	} rows[] = {
	    {1,  VINTR   },
            {2,  VQUIT   },
            {3,  VERASE  },
            {4,  VKILL   },
            {5,  VEOF    },
	    {6,  VEOL    },
            {7,  VEOL2   },
            {8,  VSTART  },
            {9,  VSTOP   },
            {10, VSUSP   },
	    {12, VREPRINT},
            {13, VWERASE },
            {14, VLNEXT  },
            {16, VSWTC   },
            {18, VDISCARD},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct termios t = {0};

		apply(&t, rows[i].opcode, 3);
		ck_assert_int_eq(t.c_cc[rows[i].index], 3);
		apply(&t, rows[i].opcode, 255); /* RFC 4254 8: none */
		ck_assert_int_eq(t.c_cc[rows[i].index], _POSIX_VDISABLE);
	}
}
END_TEST

START_TEST(modes_set_size_and_speeds)
{
	struct termios t = {0};

	apply(&t, 91, 1);
	ck_assert_uint_eq(t.c_cflag & CSIZE, CS8);
	apply(&t, 91, 0);
	ck_assert_uint_eq(t.c_cflag & CSIZE, CS8);
	apply(&t, 90, 1);
	ck_assert_uint_eq(t.c_cflag & CSIZE, CS7);
	apply(&t, 129, 38400);
	ck_assert_uint_eq(cfgetospeed(&t), B38400);
	apply(&t, 129, 12345); /* no such speed: unchanged */
	ck_assert_uint_eq(cfgetospeed(&t), B38400);
	apply(&t, 128, 9600);
	ck_assert_uint_eq(cfgetispeed(&t), B9600);
}
END_TEST

START_TEST(modes_skip_unknown_opcodes_and_stop_at_160)
{
	static const uint8_t encoded[] = {
	    17,  0, 0, 0, 1, /* VSTATUS: not on this system */
	    53,  0, 0, 0, 1, /* ECHO */
	    160, 9, 9,       /* undefined: nothing behind it is read */
	};
	struct termios t = {0};

	ck_assert_int_eq(modes_apply(SPAN_OF(encoded), &t), OK);
	ck_assert_uint_eq(t.c_lflag, ECHO);
}
END_TEST

START_TEST(modes_change_nothing_where_they_are_cut)
{
	static const uint8_t encoded[] = {53, 0, 0, 0, 1, 51, 0, 0, 0, 1};
	struct termios before = {.c_lflag = ISIG};

	for (size_t cut = 1; cut < sizeof encoded; cut++) {
		struct termios t = before;

		if (cut == 5) /* a whole one; the end may lack its 0 */
			continue;
		ck_assert_int_eq(modes_apply((struct span){encoded, cut}, &t),
				 ERR_TRUNCATED);
		ck_assert_mem_eq(&t, &before, sizeof t);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_modes");
	TCase *t = tcase_create("modes");

	tcase_add_test(t, modes_switch_each_flag_on_and_off);
	tcase_add_test(t, modes_set_each_character);
	tcase_add_test(t, modes_set_size_and_speeds);
	tcase_add_test(t, modes_skip_unknown_opcodes_and_stop_at_160);
	tcase_add_test(t, modes_change_nothing_where_they_are_cut);
	suite_add_tcase(s, t);
	return s;
}

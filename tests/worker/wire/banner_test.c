/* The identification string: every way to get it wrong. */
#include <string.h>

#include "common/limits.h"
#include "tests/unit.h"
#include "worker/wire/banner.h"

#define usual SPAN_LIT("SSH-2.0-*,SSH-1.99-*")

struct line {
	const char *text;
	enum err e;
	const char *ident; /* where OK */
};

static const struct line lines[] = {
    {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\nrest", OK,          "SSH-2.0-OpenSSH_9.2p1 Debian-2"},
    {"SSH-2.0-x\n",			    OK,          "SSH-2.0-x"                     },
    {"SSH-1.99-x\r\n",			 OK,          "SSH-1.99-x"                    },
    {"SSH-1.5-x\r\n",			  ERR_VERSION, NULL                            },
    {"SSH-2.1-x\r\n",			  ERR_VERSION, NULL                            },
    {"SSH-20.0-x\r\n",			 ERR_VERSION, NULL                            },
    {"SSH-2.0-\r\n",			   ERR_BANNER,  NULL                            },
    {"SSH-2.0\r\n",			    ERR_BANNER,  NULL                            },
    {"SSH-2-x\r\n",			    ERR_BANNER,  NULL                            },
    {"SSH-.0-x\r\n",			   ERR_BANNER,  NULL                            },
    {"SSH--x\r\n",			     ERR_BANNER,  NULL                            },
    {"SSH-\r\n",			       ERR_BANNER,  NULL                            },
    {"ssh-2.0-x\r\n",			  ERR_BANNER,  NULL                            },
    {"GET / HTTP/1.1\r\n",                     ERR_BANNER,  NULL                            },
    {"\r\nSSH-2.0-x\r\n",                      ERR_BANNER,  NULL                            },
    {"hello\r\nSSH-2.0-x\r\n",                 ERR_BANNER,  NULL                            },
    {"SSH-2.0-a\rb\r\n",                       ERR_BANNER,  NULL                            },
    {"SSH-2.0-a\r\r\n",			ERR_BANNER,  NULL                            },
    {"",				       ERR_AGAIN,   NULL			    },
    {"S",				      ERR_AGAIN,   NULL			    },
    {"X",				      ERR_BANNER,  NULL			    },
    {"SSH-2.0-x",			      ERR_AGAIN,   NULL                            },
    {"SSH-2.0-x\r",			    ERR_AGAIN,   NULL                            },
};

START_TEST(banner_take_judges_each_line)
{
	const struct line *l = &lines[_i];
	size_t used = 99;
	struct span ident = {0};
	enum err e = banner_take(span_str(l->text), usual, &used, &ident);

	ck_assert_msg(e == l->e, "%s: %s", l->text, err_text(e));
	if (e == OK) {
		ck_assert(span_is(ident, l->ident));
		ck_assert_uint_eq(used, (size_t)(strchr(l->text, '\n') - l->text) + 1);
	} else {
		ck_assert_uint_eq(used, 99);
	}
}
END_TEST

START_TEST(banner_take_refuses_a_nul)
{
	static const char raw[] = "SSH-2.0-a\0b\r\n";
	struct span ident;
	size_t used;

	ck_assert_int_eq(
	    banner_take((struct span){(const uint8_t *)raw, sizeof raw - 1}, usual,
			&used, &ident),
	    ERR_BANNER);
}
END_TEST

START_TEST(banner_take_gives_up_at_the_limit_without_a_line_end)
{
	static uint8_t raw[1024 * 1024];
	struct span ident;
	size_t used;

	memset(raw, 'a', sizeof raw);
	memcpy(raw, "SSH-2.0-", 8);
	ck_assert_int_eq(banner_take((struct span){raw, LIMIT_IDENT_BYTES - 1}, usual,
				     &used, &ident),
			 ERR_AGAIN);
	ck_assert_int_eq(
	    banner_take((struct span){raw, LIMIT_IDENT_BYTES}, usual, &used, &ident),
	    ERR_BANNER);
	ck_assert_int_eq(banner_take(SPAN_OF(raw), usual, &used, &ident), ERR_BANNER);
	raw[LIMIT_IDENT_BYTES - 1] = '\n';
	ck_assert_int_eq(banner_take(SPAN_OF(raw), usual, &used, &ident), OK);
	ck_assert_uint_eq(ident.n, LIMIT_IDENT_BYTES - 1);
}
END_TEST

START_TEST(patterns_say_which_versions_are_taken)
{
	struct span ident, line = SPAN_LIT("SSH-2.99-PuTTY\r\n");
	size_t used;

	ck_assert_int_eq(banner_take(line, usual, &used, &ident), ERR_VERSION);
	ck_assert_int_eq(banner_take(line, SPAN_LIT("*OpenSSH*"), &used, &ident),
			 ERR_VERSION);
	ck_assert_int_eq(
	    banner_take(line, SPAN_LIT("*OpenSSH*,*-PuTTY"), &used, &ident), OK);
	ck_assert_int_eq(
	    banner_take(SPAN_LIT("SSH-x\r\n"), SPAN_LIT("*"), &used, &ident),
	    ERR_BANNER);
}
END_TEST

START_TEST(the_refusals_are_those_of_sshd)
{
	ck_assert(span_is(banner_refusal(ERR_VERSION),
			  "Protocol major versions differ.\r\n"));
	ck_assert(span_is(banner_refusal(ERR_BANNER),
			  "Invalid SSH identification string.\r\n"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_wire_banner");
	TCase *t = tcase_create("banner");

	tcase_add_loop_test(t, banner_take_judges_each_line, 0,
			    sizeof lines / sizeof lines[0]);
	tcase_add_test(t, banner_take_refuses_a_nul);
	tcase_add_test(t, banner_take_gives_up_at_the_limit_without_a_line_end);
	tcase_add_test(t, patterns_say_which_versions_are_taken);
	tcase_add_test(t, the_refusals_are_those_of_sshd);
	suite_add_tcase(s, t);
	return s;
}

/*
 * Encoded terminal modes to termios. RFC 4254 8 has the numbers, RFC 8160 adds IUTF8.
 * The bytes come from the client: opcodes are looked up in a table, nothing is indexed by them.
 */
#include <unistd.h>

#include "monitor/login/login.h"

#define MODE_END       0
#define MODE_ISPEED    128
#define MODE_OSPEED    129
#define MODE_UNDEFINED 160 /* RFC 4254 8: from here on parsing stops */
#define MODE_NO_CHAR   255 /* RFC 4254 8: this character is switched off */

enum mode_kind { MODE_CHAR, MODE_IFLAG, MODE_LFLAG, MODE_OFLAG, MODE_CFLAG, MODE_SIZE };

static const struct mode {
	uint8_t opcode;
	enum mode_kind kind;
	tcflag_t what; /* index in c_cc, or a flag */
} modes[] = {
    {1,  MODE_CHAR,  VINTR   },
    {2,  MODE_CHAR,  VQUIT   },
    {3,  MODE_CHAR,  VERASE  },
    {4,  MODE_CHAR,  VKILL   },
    {5,  MODE_CHAR,  VEOF    },
    {6,  MODE_CHAR,  VEOL    },
    {7,  MODE_CHAR,  VEOL2   },
    {8,  MODE_CHAR,  VSTART  },
    {9,  MODE_CHAR,  VSTOP   },
    {10, MODE_CHAR,  VSUSP   },
    {12, MODE_CHAR,  VREPRINT},
    {13, MODE_CHAR,  VWERASE },
    {14, MODE_CHAR,  VLNEXT  },
    {16, MODE_CHAR,  VSWTC   },
    {18, MODE_CHAR,  VDISCARD},
    {30, MODE_IFLAG, IGNPAR  },
    {31, MODE_IFLAG, PARMRK  },
    {32, MODE_IFLAG, INPCK   },
    {33, MODE_IFLAG, ISTRIP  },
    {34, MODE_IFLAG, INLCR   },
    {35, MODE_IFLAG, IGNCR   },
    {36, MODE_IFLAG, ICRNL   },
    {37, MODE_IFLAG, IUCLC   },
    {38, MODE_IFLAG, IXON    },
    {39, MODE_IFLAG, IXANY   },
    {40, MODE_IFLAG, IXOFF   },
    {41, MODE_IFLAG, IMAXBEL },
    {42, MODE_IFLAG, IUTF8   },
    {50, MODE_LFLAG, ISIG    },
    {51, MODE_LFLAG, ICANON  },
    {52, MODE_LFLAG, XCASE   },
    {53, MODE_LFLAG, ECHO    },
    {54, MODE_LFLAG, ECHOE   },
    {55, MODE_LFLAG, ECHOK   },
    {56, MODE_LFLAG, ECHONL  },
    {57, MODE_LFLAG, NOFLSH  },
    {58, MODE_LFLAG, TOSTOP  },
    {59, MODE_LFLAG, IEXTEN  },
    {60, MODE_LFLAG, ECHOCTL },
    {61, MODE_LFLAG, ECHOKE  },
    {62, MODE_LFLAG, PENDIN  },
    {70, MODE_OFLAG, OPOST   },
    {71, MODE_OFLAG, OLCUC   },
    {72, MODE_OFLAG, ONLCR   },
    {73, MODE_OFLAG, OCRNL   },
    {74, MODE_OFLAG, ONOCR   },
    {75, MODE_OFLAG, ONLRET  },
    {90, MODE_SIZE,  CS7     },
    {91, MODE_SIZE,  CS8     },
    {92, MODE_CFLAG, PARENB  },
    {93, MODE_CFLAG, PARODD  },
};

static const struct {
	uint32_t baud;
	speed_t speed;
} speeds[] = {
    {0,       B0      },
    {50,      B50     },
    {75,      B75     },
    {110,     B110    },
    {134,     B134    },
    {150,     B150    },
    {200,     B200    },
    {300,     B300    },
    {600,     B600    },
    {1200,    B1200   },
    {1800,    B1800   },
    {2400,    B2400   },
    {4800,    B4800   },
    {9600,    B9600   },
    {19200,   B19200  },
    {38400,   B38400  },
    {57600,   B57600  },
    {115200,  B115200 },
    {230400,  B230400 },
    {460800,  B460800 },
    {921600,  B921600 },
    {1000000, B1000000},
    {2000000, B2000000},
    {4000000, B4000000},
};

static void speed_apply(struct termios *t, bool input, uint32_t baud)
{
	for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
		if (speeds[i].baud != baud)
			continue;
		if ((input ? cfsetispeed : cfsetospeed)(t, speeds[i].speed) != 0)
			log_debug("session: line speed %u refused", baud);
	}
}

static void flag_apply(tcflag_t *flags, tcflag_t flag, uint32_t value)
{
	*flags = value != 0 ? *flags | flag : *flags & ~flag;
}

static void mode_apply(struct termios *t, const struct mode *m, uint32_t value)
{
	switch (m->kind) {
	case MODE_CHAR:
		t->c_cc[m->what] =
		    value == MODE_NO_CHAR ? _POSIX_VDISABLE : (cc_t)value;
		break;
	case MODE_IFLAG:
		flag_apply(&t->c_iflag, m->what, value);
		break;
	case MODE_LFLAG:
		flag_apply(&t->c_lflag, m->what, value);
		break;
	case MODE_OFLAG:
		flag_apply(&t->c_oflag, m->what, value);
		break;
	case MODE_CFLAG:
		flag_apply(&t->c_cflag, m->what, value);
		break;
	case MODE_SIZE: /* one of several values in a field, so only "on" says something */
		if (value != 0)
			t->c_cflag = (t->c_cflag & ~(tcflag_t)CSIZE) | m->what;
		break;
	}
}

static void opcode_apply(struct termios *t, uint8_t opcode, uint32_t value)
{
	if (opcode == MODE_ISPEED || opcode == MODE_OSPEED)
		speed_apply(t, opcode == MODE_ISPEED, value);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (modes[i].opcode == opcode)
			mode_apply(t, &modes[i], value);
}

enum err modes_apply(struct span encoded, struct termios *io)
{
	struct rd r = RD(encoded);
	struct termios t = *io;

	while (r.left.n > 0 && rd_ok(&r)) {
		uint8_t opcode = rd_u8(&r);
		uint32_t value;

		if (opcode == MODE_END || opcode >= MODE_UNDEFINED)
			break;
		value = rd_u32(&r);
		if (rd_ok(&r))
			opcode_apply(&t, opcode, value);
	}
	if (!rd_ok(&r))
		return r.err;
	*io = t;
	return OK;
}

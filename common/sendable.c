/*
 * Which SSH packets may be sent by hand, as a table of the whole number space. A payload is
 * looked at as far as every client must read it; what only some clients know passes as it is.
 * Source: RFC 4250 4.1, RFC 4253 11, RFC 4254 4, 5.4
 */
#include "common/sendable.h"
#include "common/limits.h"
#include "common/rd.h"
#include "common/sshnum.h"

enum form {
	NEVER,   /* why: in wrong */
	IGNORED, /* string */
	DEBUG,   /* boolean, string, string */
	GLOBAL,  /* string, boolean, what belongs to it */
	REQUEST, /* the same, to a channel */
	FREE     /* local extensions: whatever it is */
};

static const struct row {
	uint8_t last; /* number of this row, from behind the row before on */
	enum form form;
	const char *wrong;
} rows[] = {
    {0,			     NEVER,   "there is no packet of that number"                    },
    {SSH_MSG_DISCONNECT,            NEVER,   "conn:disconnect sends it"                             },
    {SSH_MSG_IGNORE,                IGNORED, NULL						   },
    {SSH_MSG_UNIMPLEMENTED,         NEVER,
     "it answers packets of the client, which the gateway reads"                                    },
    {SSH_MSG_DEBUG,                 DEBUG,   NULL						   },
    {19,			    NEVER,   "it belongs to the transport"                          },
    {49,			    NEVER,   "it belongs to the key exchange: conn:rekey begins one"},
    {79,			    NEVER,   "it belongs to the login, which is over"               },
    {SSH_MSG_GLOBAL_REQUEST,        GLOBAL,  NULL						   },
    {SSH_MSG_REQUEST_FAILURE,       NEVER,   "on_channel_request answers requests"                  },
    {89,			    NEVER,   "there is no packet of that number"                    },
    {SSH_MSG_CHANNEL_OPEN,          NEVER,   "conn:open_channel sends it"                           },
    {SSH_MSG_CHANNEL_OPEN_FAILURE,  NEVER,   "on_channel_open_request answers opens"                },
    {SSH_MSG_CHANNEL_WINDOW_ADJUST, NEVER,   "windows are the gateway's own"                        },
    {SSH_MSG_CHANNEL_EXTENDED_DATA, NEVER,
     "channel:send and channel:send_error send data, as the client's window lets them"              },
    {SSH_MSG_CHANNEL_EOF,           NEVER,   "channel:eof sends it"                                 },
    {SSH_MSG_CHANNEL_CLOSE,         NEVER,   "channel:close sends it"                               },
    {SSH_MSG_CHANNEL_REQUEST,       REQUEST, NULL						   },
    {SSH_MSG_CHANNEL_FAILURE,       NEVER,   "on_channel_request answers requests"                  },
    {191,			   NEVER,   "there is no packet of that number"                    },
    {UINT8_MAX,		     FREE,    NULL						   },
};

static enum err read_as(enum form form, struct span payload)
{
	struct rd r = RD(payload);

	if (form == DEBUG)
		rd_bool(&r);
	if (form == IGNORED || form == DEBUG)
		rd_bytes(&r, LIMIT_PIECE_BYTES);
	if (form == DEBUG)
		rd_bytes(&r, LIMIT_NAME_BYTES);
	if (form == GLOBAL || form == REQUEST) {
		if (rd_bytes(&r, LIMIT_NAME_BYTES).n == 0)
			return ERR_RANGE;
		rd_bool(&r);
	}
	if (form != IGNORED && form != DEBUG)
		rd_rest(&r);
	return rd_end(&r);
}

static const char *shape_of(enum form form)
{
	switch (form) {
	case IGNORED:
		return "its payload is a string";
	case DEBUG:
		return "its payload is a boolean and two strings";
	case GLOBAL:
	case REQUEST:
		return "its payload begins with a name and a boolean";
	case NEVER:
	case FREE:
		break;
	}
	return "its payload is too long";
}

const char *sendable_wrong(uint8_t number, bool on_channel, struct span payload)
{
	const struct row *row = rows;

	while (row->last < number)
		row++;
	if (row->form == NEVER)
		return row->wrong;
	if (row->form == REQUEST && !on_channel)
		return "it goes to a channel";
	if (row->form != REQUEST && on_channel)
		return "it does not go to a channel";
	if (payload.n > LIMIT_PIECE_BYTES || read_as(row->form, payload) != OK)
		return payload.n > LIMIT_PIECE_BYTES ? "its payload is too long"
						     : shape_of(row->form);
	return NULL;
}

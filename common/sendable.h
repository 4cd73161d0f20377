/*
 * SSH packets that a script, or an operator, may put together for a client. What would take
 * the transport, its keys, the login or the windows out of the gateway's hands is none.
 */
#ifndef COMMON_SENDABLE_H
#define COMMON_SENDABLE_H

#include "common/bytes.h"

/*
 * Tells why a packet may not be sent; NULL: it may.
 * number:  its message number
 * on_channel: it goes to a channel, whose number the gateway writes in front of payload
 * payload: what stands behind the number, or behind the recipient channel
 * Source:  RFC 4250 4.1, RFC 4253 11, RFC 4254 4, 5.4
 */
const char *sendable_wrong(uint8_t number, bool on_channel, struct span payload);

#endif

/*
 * Text that an operator sends into a channel, in the encoding of CodePage.
 */
#ifndef MONITOR_CONTROL_TEXT_H
#define MONITOR_CONTROL_TEXT_H

#include "common/codepage.h"
#include "monitor/control/call.h"

/*
 * Puts the text of channel.send into the code page; other calls stay as they are.
 * page:   NULL: UTF-8, as it came
 * Gives:  CTL_OK, or the error to answer; c->text says more
 */
enum ctl_error text_encode(struct codepage *page, struct call *c);

#endif

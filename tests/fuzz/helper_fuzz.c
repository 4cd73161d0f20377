/*
 * Lines between a relay and a program of PolicyHelper. What a program writes is taken as an answer or refused with a
 * reason; what is taken is short, and JSON again where it is a result: asked with it, it comes back the same. What a
 * script asks reaches the program as one line, or not at all.
 */
#include "monitor/login/helper.h"
#include "tests/fuzz/fuzz.h"

static uint8_t store[LIMIT_HELPER_LINE_BYTES];

/* The one line that asks for request; n 0: refused. */
static struct span asked(struct span request)
{
	struct wr w = WR(store);
	struct msg_helper_ask m = {.call = 3, .conn = 4, .request = request};
	enum err e = helper_json_ask(&m, &w);

	expect(e == OK || e == ERR_RANGE || e == ERR_NO_SPACE);
	if (e != OK)
		return (struct span){0};
	expect(w.n > 1 && memchr(w.p, '\n', w.n) == w.p + w.n - 1);
	return (struct span){w.p, w.n - 1};
}

static void answered(struct span line)
{
	struct helper_said s = {0}, again = {0};
	struct why why = {0};
	enum err e = helper_json_read(line, &s, &why);
	struct span back;

	expect(e == OK || (e == ERR_RANGE && why.text[0] != '\0' && s.text == NULL));
	if (e != OK)
		return;
	expect(s.call >= 1 && s.call <= INT64_MAX);
	expect(strlen(s.text) <= (s.ok ? LIMIT_HELPER_BYTES : LIMIT_TEXT_BYTES));
	back = s.ok ? asked(span_str(s.text)) : (struct span){0};
	if (s.ok) {
		char *echo = NULL;
		const char *request = memmem(back.p, back.n, "\"request\":", 10);

		expect(back.n > 0 && request != NULL);
		expect(asprintf(&echo, "{\"id\":3,\"result\":%.*s",
				(int)(back.n - (size_t)(request + 10 - (char *)back.p)),
				request + 10) > 0);
		expect(helper_json_read(span_str(echo), &again, &why) == OK);
		expect(again.ok && again.call == 3 && strcmp(again.text, s.text) == 0);
		free(echo);
	}
	helper_said_wipe(&again);
	helper_said_wipe(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool open;
	struct span all = {data, n};

	if (!open)
		expect(helper_json_open() == OK);
	open = true;
	if (n > LIMIT_HELPER_BYTES)
		return 0;
	(void)asked(all);
	answered(all);
	return 0;
}

/*
 * Times of expiry-time. Local time needs the zone file: whoever closes the file system
 * behind itself must have called tzset() before.
 */
#include <time.h>

#include "monitor/auth/keytime.h"

enum { DATE_DIGITS = 8, MINUTE_DIGITS = 12, SECOND_DIGITS = 14 };

/* Takes n digits off text. */
static int take_number(struct span *text, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (text->p[i] - '0');
	text->p += n;
	text->n -= n;
	return v;
}

static bool all_digits(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return true;
}

/* The library would carry the 31st of June over into July. */
static bool same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon &&
	       a->tm_mday == b->tm_mday;
}

enum err keytime_parse(struct span text, uint64_t *out)
{
	bool utc = text.n > 0 && text.p[text.n - 1] == 'Z';
	struct tm tm = {.tm_isdst = -1}, asked;
	time_t when;

	text.n -= utc ? 1 : 0;
	if ((text.n != DATE_DIGITS && text.n != MINUTE_DIGITS &&
	     text.n != SECOND_DIGITS) ||
	    !all_digits(text))
		return ERR_CONFIG;
	tm.tm_year = take_number(&text, 4) - 1900;
	tm.tm_mon = take_number(&text, 2) - 1;
	tm.tm_mday = take_number(&text, 2);
	tm.tm_hour = text.n > 0 ? take_number(&text, 2) : 0;
	tm.tm_min = text.n > 0 ? take_number(&text, 2) : 0;
	tm.tm_sec = text.n > 0 ? take_number(&text, 2) : 0;
	if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return ERR_CONFIG;
	asked = tm;
	when = utc ? timegm(&tm) : mktime(&tm);
	if (when <= 0 || (tm.tm_hour == asked.tm_hour && !same_day(&tm, &asked)))
		return ERR_CONFIG;
	*out = (uint64_t)when;
	return OK;
}

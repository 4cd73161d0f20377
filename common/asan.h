/*
 * For builds with AddressSanitizer: a sandboxed process cannot look for leaks at its end, because that takes calls
 * its filter kills it for. Included by the main.c of such programs; unit tests do look for leaks.
 */
#ifndef COMMON_ASAN_H
#define COMMON_ASAN_H

#ifdef __SANITIZE_ADDRESS__
/* NOLINTNEXTLINE(bugprone-reserved-identifier): the name that the sanitizer asks for */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

#endif

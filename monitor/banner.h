/*
 * Texts shown before authentication: read once, kept until a reload.
 */
#ifndef MONITOR_BANNER_H
#define MONITOR_BANNER_H

#include "monitor/monitor.h"

/*
 * Reads every Banner file that the configuration names, in place of those read before. What
 * cannot be read is logged, and then nothing is shown.
 */
void banners_load(struct monitor *m);

/* Gives the content of a Banner file; empty for NULL and for what could not be read. */
struct span banner_get(const struct monitor *m, const char *path);

/* Forgets all. */
void banners_forget(struct monitor *m);

#endif

/*
 * Texts shown before authentication: read once, kept until a reload.
 */
#ifndef MONITOR_BANNER_H
#define MONITOR_BANNER_H

#include "monitor/monitor.h"

/* Gives the content of a Banner file; empty for NULL and for what cannot be read (logged once). */
struct span banner_get(struct monitor *m, const char *path);

/* Forgets all, so that a reload reads them again. */
void banners_forget(struct monitor *m);

#endif

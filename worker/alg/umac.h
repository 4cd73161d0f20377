/*
 * UMAC over libnettle. Source: RFC 4418
 */
#ifndef WORKER_ALG_UMAC_H
#define WORKER_ALG_UMAC_H

#include "worker/alg/mac.h"

mac_start_fn umac128_start, umac64_start;
mac_tag_fn umac128_tag, umac64_tag;

#endif

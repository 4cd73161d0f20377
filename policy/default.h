/*
 * The built-in policy, PolicyScript default: the text of policy/default.lua, made an array by make.
 */
#ifndef POLICY_DEFAULT_H
#define POLICY_DEFAULT_H

#include <stddef.h>

extern const unsigned char policy_default[];
extern const size_t policy_default_bytes;

#endif

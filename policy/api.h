/*
 * What scripts may call: the names they see, and the libraries behind them.
 */
#ifndef POLICY_API_H
#define POLICY_API_H

#include "policy/engine_private.h"

/* Prepares the globals of a new state. */
void api_open(lua_State *L);

/* Names global i of a new state; NULL behind the last. For what lists them. */
const char *api_global_name(size_t i);

/* Makes a table of functions read-only: pops it, pushes what scripts get instead. */
void api_freeze(lua_State *L);

/* Pushes a read-only library of functions. */
int api_library(lua_State *L, const luaL_Reg *functions);

/* Gives the table at the top the methods of an argument: conn, channel; others have none. */
void api_methods(lua_State *L, struct span arg);

/* Writes file:line of the function that called us. */
void api_where(lua_State *L, char *out, size_t cap);

/* Marks the userdata at the top as a decision, and tells such from others. */
void api_decision_mark(lua_State *L);
bool api_is_decision(lua_State *L, int index);

/* Takes argument i as bytes; raises an error where it is no string (numbers are none). */
struct span api_bytes(lua_State *L, int i);
void api_push(lua_State *L, struct span s);

/* Takes argument i as a whole number from low to high; otherwise where it is absent. */
lua_Integer api_number(lua_State *L, int i, lua_Integer low, lua_Integer high);

/* Each pushes its library. */
int api_string(lua_State *L);
int api_table(lua_State *L);
int api_math(lua_State *L);
int api_utf8(lua_State *L);
int api_str(lua_State *L);
int api_net(lua_State *L);
int api_time(lua_State *L);
int api_base32(lua_State *L);
int api_base64(lua_State *L);
int api_hex(lua_State *L);
int api_crypto(lua_State *L);
int api_totp(lua_State *L);
int api_packet(lua_State *L);
int api_json(lua_State *L);
int api_shared(lua_State *L);
int api_helper(lua_State *L);

/* log(text), log(level, text); print(...) */
int api_log(lua_State *L);
int api_print(lua_State *L);

/* ---- JSON, for json, shared and fixtures of the shared store ---- */

/* Writes the value at index; raises an error where JSON cannot say it. */
void json_write(lua_State *L, int index, struct wr *w);

/* Pushes what text says; raises an error where it is no JSON. */
void json_read(lua_State *L, struct span text);

#endif

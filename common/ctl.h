/*
 * The control socket as tables: ctl.def has its methods, ctl_errors.def its errors.
 */
#ifndef COMMON_CTL_H
#define COMMON_CTL_H

#include "common/facts.h"
#include "common/policy.h"

/* Where operators look for the socket; ControlSocket says where it is. */
#define CTL_SOCKET "/run/sallyport/control.sock"

enum ctl_role { CTL_VIEWER, CTL_ADMIN };
#define CTL_ROLE_LAST CTL_ADMIN

enum ctl_kind { CTL_ONE, CTL_ROWS, CTL_STREAM };

enum ctl_need { CTL_MAY, CTL_MUST };

/* CTL_ON_connection_list is called connection.list. */
enum ctl_method {
#define METHOD(id, name, role, kind, help) CTL_ON_##id,
#include "common/ctl.def"
	CTL_METHOD_COUNT
};
#define CTL_METHOD_LAST (CTL_METHOD_COUNT - 1)

struct ctl_method_row {
	const char *name; /* noun.verb, or a word */
	enum ctl_role role;
	enum ctl_kind kind;
	const char *help;
};
extern const struct ctl_method_row ctl_methods[CTL_METHOD_COUNT];

/* How a parameter is written. */
enum ctl_type { CTL_STR, CTL_NUM, CTL_BOOL, CTL_LIST, CTL_HEX };

struct ctl_param_row {
	enum ctl_method method;
	const char *name;
	enum ctl_type type;
	enum ctl_need need;
	const char *help;
};
extern const struct ctl_param_row ctl_params[];
extern const size_t n_ctl_params;

struct ctl_result_row {
	enum ctl_method method;
	const char *name;
	enum fact_type type;
	const char *help;
};
extern const struct ctl_result_row ctl_results[];
extern const size_t n_ctl_results;

/* CTL_OK is no error; CTL_BAD_CHANNEL has the code of its row. */
enum ctl_error {
	CTL_OK,
#define E(name, code, text) CTL_BAD_##name,
#include "common/ctl_errors.def"
	CTL_ERROR_COUNT
};
#define CTL_ERROR_LAST (CTL_ERROR_COUNT - 1)

struct ctl_error_row {
	int32_t code;
	int number; /* errno; 0: none */
	const char *text;
};
extern const struct ctl_error_row ctl_errors[CTL_ERROR_COUNT];

/* Events of the stream: those of policy scripts, and what operators did. */
enum { CTL_EVENT_CONTROL = POLICY_EVENT_COUNT };
#define CTL_EVENT_LAST CTL_EVENT_CONTROL

/* Names an event of the stream: "connected" …, "control". */
const char *ctl_event_name(uint8_t event);

/* Finds a method by its name; false where there is none. */
bool ctl_method_find(struct span name, enum ctl_method *out);

/* Finds a parameter of a method; NULL where it has none of that name. */
const struct ctl_param_row *ctl_param_find(enum ctl_method m, struct span name);

/* Gives how a parameter travels. */
enum fact_type ctl_type_fact(enum ctl_type type);

/* Gives the error that stands for an errno; CTL_BAD_INTERNAL where none does. */
enum ctl_error ctl_error_of(int number);

/*
 * Checks parameters of a call: the monitor believes a control process no more than a worker.
 * Errors: ERR_RANGE one that the method has not, twice, of the wrong type, or one that must be
 *         there is not; else as facts_next
 */
MUST_CHECK enum err ctl_params_check(enum ctl_method m, struct span params);

#endif

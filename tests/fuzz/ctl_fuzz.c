/*
 * Lines of clients of the control socket: what is taken as a call has parameters that the table allows, which the
 * monitor checks in its turn; what is not has a sentence that fits an answer, and is answered where that is due.
 */
#include "monitor/control/call.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct call call = {0};
	enum ctl_error e = call_parse((struct span){data, size}, &call);
	struct span params = {call.params, call.params_n};

	expect(e < CTL_ERROR_COUNT);
	expect(memchr(call.text, '\0', sizeof call.text) != NULL);
	if (e == CTL_OK) {
		expect(call.method < CTL_METHOD_COUNT && call.text[0] == '\0');
		expect(ctl_params_check(call.method, params) == OK);
		expect(params.n <= LIMIT_CONTROL_CALL_BYTES);
		expect(call.quiet == (call.id == NULL));
	} else {
		expect(call.text[0] != '\0' || e == CTL_BAD_NO_SPACE);
		expect(!call.quiet || (e != CTL_BAD_PARSE && e != CTL_BAD_REQUEST));
	}
	call_wipe(&call);
	return 0;
}

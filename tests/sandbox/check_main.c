/*
 * make check-sandbox without a monitor: the same check as sallyportd --check-sandbox.
 */
#include "common/sandbox_check.h"

int main(int argc, char **argv)
{
	return sandbox_check_main(argc, argv);
}

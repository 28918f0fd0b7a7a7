/* Checks that watching works here: runs a known blocking call, which must then be found. */
#ifndef TOOLS_SELF_TEST_H
#define TOOLS_SELF_TEST_H

#include <stdbool.h>

/* Prints one line: on standard output if it works, else on standard error with the reason. */
bool self_test(void);

#endif

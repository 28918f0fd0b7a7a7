/* Whether watching works here: something that must be seen is done, and must then be found. */
#ifndef TOOLS_SELF_TEST_H
#define TOOLS_SELF_TEST_H

#include <stdbool.h>

/* Prints one line: on standard output when it works, else on standard error with the reason. */
bool self_test(void);

#endif

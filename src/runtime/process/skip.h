/* Programs that are not watched although the library is loaded: option `skip`. */
#ifndef RUNTIME_SKIP_H
#define RUNTIME_SKIP_H

#include <stdbool.h>

/* Whether this process is skipped, by its name or, in an interpreter, by its script. */
bool process_is_skipped(int argc, char **argv);

#endif

/* Programs that are not to be watched though the library is in them: option `skip`. */
#ifndef RUNTIME_SKIP_H
#define RUNTIME_SKIP_H

#include <stdbool.h>

/* Whether this process is one, by the name it was started by or, in an interpreter, by its script.
 */
bool process_is_skipped(int argc, char **argv);

#endif

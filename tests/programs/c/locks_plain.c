/* A loop whose library has no locks of its own. */
#include "locks.h"

#include <stddef.h>

const struct lock_case *const library_lock_cases = NULL;

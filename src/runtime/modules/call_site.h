/* How the call was made that returns to an address. */
#ifndef RUNTIME_MODULES_CALL_SITE_H
#define RUNTIME_MODULES_CALL_SITE_H

#include <stdbool.h>
#include <stdint.h>

/* By the name of the function, which may lie in another module: not through a pointer, as callbacks
 * are called. False where no module lies. */
bool call_site_is_direct(uintptr_t return_address);

#endif

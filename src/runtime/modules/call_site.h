/* Inspects the call instruction before a return address. */
#ifndef RUNTIME_MODULES_CALL_SITE_H
#define RUNTIME_MODULES_CALL_SITE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the function is called by its name (it may be in another module), not through a pointer
 * as callbacks are. False outside modules.
 */
bool call_site_is_direct(uintptr_t return_address);

#endif

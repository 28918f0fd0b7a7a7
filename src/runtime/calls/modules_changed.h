/*
 * dlopen, dlmopen and dlsym learn from their return address who calls them, so they are jumped to
 * and cannot be followed by a look at what was loaded: the look is made by whatever call comes next
 * that a new module must make before it can run tasks.
 */
#ifndef RUNTIME_CALLS_MODULES_CHANGED_H
#define RUNTIME_CALLS_MODULES_CHANGED_H

#include "runtime/base/compiler.h"
#include "runtime/process/process.h"
#include "runtime/base/thread.h"

void modules_changed_now(void);

static inline void modules_changed_look(void)
{
	if (UNLIKELY(modules_may_have_changed))
		modules_changed_now();
}

#endif

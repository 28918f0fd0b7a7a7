/*
 * dlopen, dlmopen and dlsym identify their caller by the return address, so the wrappers must jump
 * to them and cannot scan for new modules afterwards. The scan happens at the next call that a new
 * module must make before it can run tasks.
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

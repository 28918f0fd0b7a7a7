/* Calls that end the process. */
#include "runtime/process/process.h"
#include "call.h"

#define EXITS(name, handlers)                                                                      \
	EXPORT void name(int status)                                                               \
	{                                                                                          \
		if (!this_thread.vforked)                                                          \
			process_exits(status, handlers, (uintptr_t)__builtin_frame_address(0));    \
		real.name(status);                                                                 \
		__builtin_unreachable();                                                           \
	}

EXITS(exit, true)
EXITS(quick_exit, true)
EXITS(_exit, false)
EXITS(_Exit, false)

/* Calls that end the process. */
#include "runtime/process/process.h"
#include "call.h"

#define EXIT_CALL(name, handlers)                                                                  \
	EXPORT void name(int status)                                                               \
	{                                                                                          \
		if (!this_thread.vforked)                                                          \
			process_exits(status, handlers, (uintptr_t)__builtin_frame_address(0));    \
		real.name(status);                                                                 \
		__builtin_unreachable();                                                           \
	}

EXIT_CALL(exit, true)
EXIT_CALL(quick_exit, true)
EXIT_CALL(_exit, false)
EXIT_CALL(_Exit, false)

/* Clock readings, which show when a loop starts. */
#include <time.h>

#include "runtime/loops/loop_start.h"
#include "call.h"

/* Called everywhere: costs 1 ns more. With libuv see loop_start.h. */
EXPORT int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (UNLIKELY(loop_start_expected))
		loop_start_clock_read((uintptr_t)__builtin_return_address(0),
				      (uintptr_t)__builtin_frame_address(0));
	return real.clock_gettime(clock, now);
}

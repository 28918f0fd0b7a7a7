/*
 * Calls that are answered here instead of in libc while our own code runs (thread.h, enum serving):
 * libunwind must not change the program's signal mask or check memory, and CPython's traceback
 * writer writes into a buffer. For the program these calls are only forwarded; `write` is watched.
 */
#include <string.h>

#include "runtime/stalls/sampler.h"
#include "runtime/stalls/sampler_signal.h"
#include "call.h"

static inline bool serves(enum serving code)
{
	return UNLIKELY(call_armed()) && thread_serves(code, __builtin_frame_address(0));
}

#define SERVES_UNWINDER(name, params, args)                                                        \
	EXPORT int name params                                                                     \
	{                                                                                          \
		if (UNLIKELY(serves(SERVING_UNWINDER)))                                            \
			return 0;                                                                  \
		return real.name args;                                                             \
	}

#define MASKS(name)                                                                                \
	EXPORT int name(int how, const sigset_t *set, sigset_t *before)                            \
	{                                                                                          \
		int result;                                                                        \
                                                                                                   \
		if (UNLIKELY(serves(SERVING_UNWINDER)))                                            \
			return 0;                                                                  \
		if (LIKELY(!this_thread.slot || this_thread.vforked))                              \
			return real.name(how, set, before);                                        \
		sampler_masks(how, set);                                                           \
		result = real.name(how, set, before);                                              \
		sampler_masked(how, set);                                                          \
		return result;                                                                     \
	}

MASKS(sigprocmask)
MASKS(pthread_sigmask)
SERVES_UNWINDER(mincore, (void *address, size_t size, unsigned char *pages), (address, size, pages))

/* Output beyond the buffer is dropped but reported as written. */
static void dump_write(const void *text, size_t size)
{
	struct thread_state *self = &this_thread;
	size_t room = self->dump_size - self->dump_used;
	size_t kept = size < room ? size : room;

	memcpy(self->dump + self->dump_used, text, kept);
	self->dump_used += (uint32_t)kept;
}

static COLD ssize_t watched_write(int fd, const void *buffer, size_t size)
{
	if (fd == DUMP_FD && this_thread.serving == SERVING_DUMP) {
		dump_write(buffer, size);
		return (ssize_t)size;
	}
	CALL_WATCH(watch, CALL_write, FD(fd));
	return CALL_RESULT(watch, real.write(fd, buffer, size));
}

EXPORT ssize_t write(int fd, const void *buffer, size_t size)
{
	if (LIKELY(!call_armed()) || call_passes(CLASS_TRANSFER, FD(fd)))
		return real.write(fd, buffer, size);
	return watched_write(fd, buffer, size);
}

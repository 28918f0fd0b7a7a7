#include <errno.h>

#include "call.h"
#include "child_pipes.h"
#include "keep.h"

static void keep_pipe(const int fds[2], int flags)
{
	if (this_thread.vforked)
		return;
	keep_made_as(fds[0], SUBJECT_PIPE, flags & O_NONBLOCK);
	keep_made_as(fds[1], SUBJECT_PIPE, flags & O_NONBLOCK);
	origin_set_pair(fds);
	child_pipe_made(fds);
	if (flags & O_CLOEXEC)
		status_pipe_made(fds[0], -1);
}

EXPORT int pipe(int fds[2])
{
	int result = real.pipe(fds);

	if (!result)
		keep_pipe(fds, 0);
	return result;
}

EXPORT int __pipe(int fds[2]);

EXPORT int __pipe(int fds[2])
{
	int result = real.__pipe(fds);

	if (!result)
		keep_pipe(fds, 0);
	return result;
}

EXPORT int pipe2(int fds[2], int flags)
{
	int result;

	/* libunwind uses a pipe to check addresses, and works without one. */
	if (UNLIKELY(call_armed()) && thread_serves(SERVING_UNWINDER, __builtin_frame_address(0))) {
		errno = EMFILE;
		return -1;
	}
	result = real.pipe2(fds, flags);
	if (!result)
		keep_pipe(fds, flags);
	return result;
}

/* Calls that close descriptors, or replace them. */
#include <limits.h>
#include <stdio_ext.h>

#include "arguments.h"
#include "call.h"
#include "keep.h"

/*
 * The wrapper of a call that closes a descriptor, and may block if `subject` says so. `before` is
 * evaluated before the call, `after` after it; `after` may use the call's `result`.
 */
#define CLOSES_AND(name, params, args, before, subject, after)                                     \
	static COLD int watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, subject);                                           \
		return CALL_RESULT(watch, real.name args);                                         \
	}                                                                                          \
	EXPORT int name params;                                                                    \
	EXPORT int name params                                                                     \
	{                                                                                          \
		before;                                                                            \
		int result;                                                                        \
                                                                                                   \
		if (LIKELY(!call_armed()))                                                         \
			result = real.name args;                                                   \
		else                                                                               \
			result = watched_##name args;                                              \
		after;                                                                             \
		return result;                                                                     \
	}

#define CLOSES(name, params, args, closed, subject)                                                \
	CLOSES_AND(name, params, args, int fd_closed = closed, subject, keep_closed(fd_closed))
#define REPLACES(name, params, args)                                                               \
	CLOSES_AND(name, params, args, , FD_WHEN(number, close_may_wait(number)),                  \
		   keep_replaced(fd, result))

CLOSES(close, (int fd), (fd), fd, FD_WHEN(fd, close_may_wait(fd)))
CLOSES(__close, (int fd), (fd), fd, FD_WHEN(fd, close_may_wait(fd)))
CLOSES(mq_close, (mqd_t queue), (queue), queue, WHEN(false))
CLOSES(closedir, (DIR * directory), (directory), keep_fd_of_directory(directory), WHEN(false))
REPLACES(dup2, (int fd, int number), (fd, number))
REPLACES(__dup2, (int fd, int number), (fd, number))
REPLACES(dup3, (int fd, int number, int flags), (fd, number, flags))

/* By descriptor, because the stream is gone when the watch ends. */
#define UNWRITTEN(stream) FD_WHEN(keep_fd_of_stream(stream), __fpending(stream) != 0)

CLOSES(fclose, (FILE * stream), (stream), keep_fd_of_stream(stream), UNWRITTEN(stream))
CLOSES(_IO_fclose, (FILE * stream), (stream), keep_fd_of_stream(stream), UNWRITTEN(stream))
CLOSES(endmntent, (FILE * stream), (stream), keep_fd_of_stream(stream), WHEN(false))
CLOSES(__endmntent, (FILE * stream), (stream), keep_fd_of_stream(stream), WHEN(false))
CLOSES(pclose, (FILE * stream), (stream), keep_fd_of_stream(stream), ANY)

/* The stream keeps its descriptor, or changes it. */
#define REOPENS(name)                                                                              \
	static COLD FILE *watched_##name(const char *path, const char *mode, FILE *stream)         \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, ANY);                                               \
		FILE *result = CALL_RESULT(watch, real.name(path, mode, stream));                  \
                                                                                                   \
		watch.fd_made = keep_fd_of_stream(result);                                         \
		return result;                                                                     \
	}                                                                                          \
	EXPORT FILE *name(const char *path, const char *mode, FILE *stream)                        \
	{                                                                                          \
		int before = keep_fd_of_stream(stream);                                            \
		FILE *result;                                                                      \
                                                                                                   \
		if (LIKELY(!call_armed()))                                                         \
			result = real.name(path, mode, stream);                                    \
		else                                                                               \
			result = watched_##name(path, mode, stream);                               \
		keep_closed(before);                                                               \
		keep_made(keep_fd_of_stream(result));                                              \
		return result;                                                                     \
	}

REOPENS(freopen)
REOPENS(freopen64)

void keep_closed_range(unsigned first, unsigned last)
{
	if (this_thread.vforked)
		return;
	descriptors_forget_range(first, last);
	task_resources_are_gone(first, last);
	keep_pipes_closed(first, last);
}

static COLD void watched_closefrom(int first)
{
	CALL_WATCH(watch, CALL_closefrom, ANY);
	real.closefrom(first);
}

EXPORT void closefrom(int first)
{
	if (LIKELY(!call_armed()))
		real.closefrom(first);
	else
		watched_closefrom(first);
	keep_closed_range(first < 0 ? 0 : (unsigned)first, UINT_MAX);
}

static COLD int watched_close_range(unsigned first, unsigned last, int flags)
{
	CALL_WATCH(watch, CALL_close_range, WHEN(!(flags & (int)CLOSE_RANGE_CLOEXEC)));
	return CALL_RESULT(watch, real.close_range(first, last, flags));
}

EXPORT int close_range(unsigned first, unsigned last, int flags)
{
	int result = LIKELY(!call_armed()) ? real.close_range(first, last, flags)
					   : watched_close_range(first, last, flags);

	if (!result && !(flags & (int)CLOSE_RANGE_CLOEXEC))
		keep_closed_range(first, last);
	return result;
}

/* Both replace descriptors 0 to 2. */
EXPORT int login_tty(int fd)
{
	int result = real.login_tty(fd);

	if (!result) {
		keep_closed_range(STDIN_FILENO, STDERR_FILENO);
		keep_closed(fd);
	}
	return result;
}

EXPORT int daemon(int stay, int keep)
{
	int result = real.daemon(stay, keep);

	if (!keep)
		keep_closed_range(STDIN_FILENO, STDERR_FILENO);
	return result;
}

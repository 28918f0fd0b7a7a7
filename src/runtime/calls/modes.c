/*
 * Calls that change a descriptor's mode, and that copy a descriptor to a number chosen by the
 * kernel.
 */
#include <stdarg.h>
#include <sys/pidfd.h>

#include "arguments.h"
#include "call.h"
#include "keep.h"

static void keep_fcntl(int fd, int command, long argument, int result)
{
	if (result < 0)
		return;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		keep_copied(fd, result);
		break;
	case F_SETFL:
		keep_flags(fd, argument);
		break;
	}
}

static enum file_lock_change fcntl_change(int command, long argument)
{
	const struct flock *lock = (const struct flock *)argument;

	switch (command) {
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock->l_type == F_UNLCK ? FILE_LOCK_RELEASED : FILE_LOCK_TAKEN;
	default:
		return FILE_LOCK_STAYS;
	}
}

/* The argument is one register, whatever its type: glibc, sysdeps/unix/sysv/linux/fcntl64.c. */
#define TAKE_ARGUMENT(argument, last)                                                              \
	long argument;                                                                             \
	va_list rest;                                                                              \
                                                                                                   \
	va_start(rest, last);                                                                      \
	argument = va_arg(rest, long);                                                             \
	va_end(rest)

#define FCNTL(name)                                                                                \
	static COLD int watched_##name(int fd, int command, long argument)                         \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, FD_WHEN(fd, fcntl_waits(command)));                 \
		return CALL_RESULT(watch, real.name(fd, command, argument));                       \
	}                                                                                          \
	EXPORT int name(int fd, int command, ...);                                                 \
	EXPORT int name(int fd, int command, ...)                                                  \
	{                                                                                          \
		int result;                                                                        \
		TAKE_ARGUMENT(argument, command);                                                  \
                                                                                                   \
		if (LIKELY(!call_armed()))                                                         \
			result = real.name(fd, command, argument);                                 \
		else                                                                               \
			result = watched_##name(fd, command, argument);                            \
		keep_fcntl(fd, command, argument, result);                                         \
		if (UNLIKELY(call_armed() || this_thread.holds_any) && result >= 0)                \
			held_file_changed(fd, fcntl_change(command, argument),                     \
					  __builtin_frame_address(0));                             \
		return result;                                                                     \
	}

FCNTL(fcntl)
FCNTL(fcntl64)
FCNTL(__fcntl)

static COLD int watched_ioctl(int fd, unsigned long request, long argument)
{
	CALL_WATCH(watch, CALL_ioctl, FD_WHEN(fd, ioctl_waits(fd, request)));
	return CALL_RESULT(watch, real.ioctl(fd, request, argument));
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	int result;
	TAKE_ARGUMENT(argument, request);

	if (LIKELY(!call_armed()))
		result = real.ioctl(fd, request, argument);
	else
		result = watched_ioctl(fd, request, argument);
	if (request == FIONBIO && result >= 0) /* the kernel has read it */
		keep_nonblocking(fd, *(const int *)argument);
	return result;
}

EXPORT int mq_setattr(mqd_t queue, const struct mq_attr *attributes, struct mq_attr *before)
{
	int result = real.mq_setattr(queue, attributes, before);

	if (!result && !this_thread.vforked)
		descriptor_changed(queue);
	return result;
}

EXPORT int dup(int fd)
{
	int result = real.dup(fd);

	keep_copied(fd, result);
	return result;
}

EXPORT int pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	int result = real.pidfd_getfd(pidfd, fd, flags);

	keep_made(result);
	return result;
}

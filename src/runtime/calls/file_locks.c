/* Calls that lock files; fcntl, which does too, is in modes.c. */
#include <errno.h>

#include "runtime/locks/held.h"
#include "runtime/locks/held_file.h"
#include "call.h"

static enum file_lock_change flock_change(int operation)
{
	if (operation & LOCK_UN)
		return FILE_LOCK_RELEASED;
	return operation & (LOCK_SH | LOCK_EX) ? FILE_LOCK_TAKEN : FILE_LOCK_STAYS;
}

static enum file_lock_change lockf_change(int command)
{
	switch (command) {
	case F_LOCK:
	case F_TLOCK:
		return FILE_LOCK_TAKEN;
	case F_ULOCK:
		return FILE_LOCK_RELEASED;
	default:
		return FILE_LOCK_STAYS;
	}
}

/* Only flock blocks the process that has the lock. errno of the attempt is not the program's. */
static void look_who_has_it(int fd, int operation)
{
	int saved = errno;

	if (LIKELY(!turns_suspended_holding) || operation & (LOCK_NB | LOCK_UN) ||
	    this_thread.vforked)
		return;
	if (real.flock(fd, operation | LOCK_NB) && errno == EWOULDBLOCK)
		held_file_waits(fd);
	errno = saved;
}

#define FILE_LOCK(name, params, args, waits, change, before)                                       \
	static COLD int watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, FD_WHEN(fd, waits));                                \
		return CALL_RESULT(watch, real.name args);                                         \
	}                                                                                          \
	EXPORT int name params                                                                     \
	{                                                                                          \
		int result;                                                                        \
                                                                                                   \
		before;                                                                            \
		if (LIKELY(!call_armed()))                                                         \
			result = real.name args;                                                   \
		else                                                                               \
			result = watched_##name args;                                              \
		if (UNLIKELY(call_armed() || this_thread.holds_any) && !result)                    \
			held_file_changed(fd, change, __builtin_frame_address(0));                 \
		return result;                                                                     \
	}

FILE_LOCK(flock, (int fd, int operation), (fd, operation), !(operation & LOCK_NB),
	  flock_change(operation), look_who_has_it(fd, operation))
FILE_LOCK(lockf, (int fd, int command, off_t size), (fd, command, size), command == F_LOCK,
	  lockf_change(command), (void)0)
FILE_LOCK(lockf64, (int fd, int command, off64_t size), (fd, command, size), command == F_LOCK,
	  lockf_change(command), (void)0)

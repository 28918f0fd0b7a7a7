/* Calls that make event descriptors, whose type and mode are known from the call. */
#include <sys/pidfd.h>

#include "runtime/loops/loop_session.h"
#include "runtime/loops/loop_start.h"
#include "runtime/futures/root_turn.h"
#include "call.h"
#include "keep.h"
#include "modules_changed.h"
#include "taken_signals.h"

#define MAKES(name, params, args, subject, nonblocking)                                            \
	EXPORT int name params                                                                     \
	{                                                                                          \
		int fd = real.name args;                                                           \
                                                                                                   \
		keep_made_as(fd, subject, nonblocking);                                            \
		return fd;                                                                         \
	}

MAKES(inotify_init, (void), (), SUBJECT_EVENT, false)
MAKES(inotify_init1, (int flags), (flags), SUBJECT_EVENT, flags &IN_NONBLOCK)
MAKES(fanotify_init, (unsigned flags, unsigned event_flags), (flags, event_flags), SUBJECT_EVENT,
      flags &FAN_NONBLOCK)
MAKES(pidfd_open, (pid_t pid, unsigned flags), (pid, flags), SUBJECT_EVENT, flags &PIDFD_NONBLOCK)
MAKES(memfd_create, (const char *name, unsigned flags), (name, flags), SUBJECT_MEMORY_FILE, false)

/* An executor starts with this call: inspect newly loaded modules before they run tasks. */
EXPORT int epoll_create1(int flags)
{
	int fd;

	modules_changed_look();
	fd = real.epoll_create1(flags);
	root_turn_epoll_made((uintptr_t)__builtin_return_address(0));
	loop_start_epoll_made((uintptr_t)__builtin_return_address(0));
	keep_made_as(fd, SUBJECT_EVENT, false);
	loop_set_made(fd);
	return fd;
}

EXPORT int epoll_create(int size)
{
	int fd = real.epoll_create(size);

	keep_made_as(fd, SUBJECT_EVENT, false);
	loop_set_made(fd);
	return fd;
}

EXPORT int epoll_ctl(int queue, int operation, int fd, struct epoll_event *event)
{
	int result = real.epoll_ctl(queue, operation, fd, event);

	if (LIKELY(operation == EPOLL_CTL_MOD || result))
		return result;
	if (operation == EPOLL_CTL_ADD)
		loop_set_adds(queue, fd);
	else
		loop_set_drops(queue, fd);
	return result;
}

EXPORT int timerfd_create(clockid_t clock, int flags)
{
	int fd = real.timerfd_create(clock, flags);

	keep_made_as(fd, SUBJECT_EVENT, flags & TFD_NONBLOCK);
	origin_set(fd, ORIGIN_TIMER);
	return fd;
}

EXPORT int eventfd(unsigned count, int flags)
{
	int fd;

	modules_changed_look();
	fd = real.eventfd(count, flags);
	keep_made_as(fd, SUBJECT_EVENT, flags & EFD_NONBLOCK);
	return fd;
}

/* With an existing descriptor it changes only the mask, not the mode. */
EXPORT int signalfd(int fd, const sigset_t *mask, int flags)
{
	int made = real.signalfd(fd, mask, flags);

	if (fd == -1)
		keep_made_as(made, SUBJECT_EVENT, flags & SFD_NONBLOCK);
	if (made >= 0)
		taken_signals_by(made, mask);
	return made;
}

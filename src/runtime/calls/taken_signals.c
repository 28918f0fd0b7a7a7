/*
 * SIGTERM, SIGINT and SIGQUIT that the program takes from a signalfd or by sigwait(3): it was asked
 * to end, as by a handler.
 */
#include "taken_signals.h"

#include <string.h>
#include <sys/signalfd.h>

#include "arguments.h"
#include "call.h"
#include "runtime/process/phase.h"

static int signal_fd = -1; /* the one made last */

void taken_signals_by(int fd, const sigset_t *mask)
{
	if (this_thread.vforked ||
	    !(sigismember(mask, SIGTERM) == 1 || sigismember(mask, SIGINT) == 1 ||
	      sigismember(mask, SIGQUIT) == 1))
		return;
	__atomic_store_n(&signal_fd, fd, __ATOMIC_RELAXED);
	this_thread.takes_signals = true;
}

static void note_signal(int signal)
{
	if (phase_signal_ends(signal))
		phase_ends();
}

static COLD ssize_t watched_read(int fd, void *buffer, size_t size)
{
	CALL_WATCH(watch, CALL_read, FD(fd));
	return CALL_RESULT(watch, real.read(fd, buffer, size));
}

static COLD ssize_t signals_read(int fd, void *buffer, size_t size)
{
	ssize_t result =
		call_armed() ? watched_read(fd, buffer, size) : real.read(fd, buffer, size);
	struct signalfd_siginfo taken;

	if (fd != __atomic_load_n(&signal_fd, __ATOMIC_RELAXED))
		return result;
	for (ssize_t at = 0; at + (ssize_t)sizeof taken <= result; at += (ssize_t)sizeof taken) {
		memcpy(&taken, (const char *)buffer + at, sizeof taken);
		note_signal((int)taken.ssi_signo);
	}
	return result;
}

EXPORT ssize_t read(int fd, void *buffer, size_t size)
{
	if (UNLIKELY(this_thread.takes_signals))
		return signals_read(fd, buffer, size);
	if (LIKELY(!call_armed()))
		return real.read(fd, buffer, size);
	if (LIKELY(call_passes(CLASS_TRANSFER, FD(fd))))
		return real.read(fd, buffer, size);
	return watched_read(fd, buffer, size);
}

static COLD int watched_sigwait(const sigset_t *set, int *signal)
{
	CALL_WATCH(watch, CALL_sigwait, ANY);
	return CALL_RESULT(watch, real.sigwait(set, signal));
}

EXPORT int sigwait(const sigset_t *set, int *signal)
{
	int error = call_armed() ? watched_sigwait(set, signal) : real.sigwait(set, signal);

	if (!error)
		note_signal(*signal);
	return error;
}

static COLD int watched_sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	CALL_WATCH(watch, CALL_sigwaitinfo, ANY);
	return CALL_RESULT(watch, real.sigwaitinfo(set, info));
}

EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	int signal = call_armed() ? watched_sigwaitinfo(set, info) : real.sigwaitinfo(set, info);

	note_signal(signal);
	return signal;
}

static COLD int watched_sigtimedwait(const sigset_t *set, siginfo_t *info,
				     const struct timespec *timeout)
{
	CALL_WATCH(watch, CALL_sigtimedwait, WHEN(timespec_waits(timeout, true)));
	return CALL_RESULT(watch, real.sigtimedwait(set, info, timeout));
}

EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	int signal = call_armed() ? watched_sigtimedwait(set, info, timeout)
				  : real.sigtimedwait(set, info, timeout);

	note_signal(signal);
	return signal;
}

/*
 * Signal actions: keeps the program's handler of the two signals that we use, and calls it after
 * ours; notes the time of signals that ask the process to end; tracks handlers on an alternate
 * stack, and that stack.
 */
#include <errno.h>

#include "runtime/base/events.h"
#include "runtime/stalls/sampler_signal.h"
#include "call.h"
#include "runtime/process/phase.h"

#define ACTION(name)                                                                               \
	static int name##_besides(int signal, const struct sigaction *action,                      \
				  struct sigaction *before)                                        \
	{                                                                                          \
		return sampler_other_sigaction(real.name, signal, action, before);                 \
	}                                                                                          \
	EXPORT int name(int signal, const struct sigaction *action, struct sigaction *before);     \
	EXPORT int name(int signal, const struct sigaction *action, struct sigaction *before)      \
	{                                                                                          \
		if (phase_signal_ends(signal))                                                     \
			return phase_sigaction(name##_besides, signal, action, before);            \
		if (!sampler_shares(signal))                                                       \
			return sampler_other_sigaction(real.name, signal, action, before);         \
		if (this_thread.vforked)                                                           \
			return real.name(signal, action, before);                                  \
		return sampler_sigaction(signal, action, before);                                  \
	}

ACTION(sigaction)
ACTION(__sigaction)

static sighandler_t set_handler(int signal, sighandler_t handler, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, before;

	return sampler_sigaction(signal, &action, &before) ? SIG_ERR : before.sa_handler;
}

/* glibc's signal() restarts calls; System V's does not, and resets the handler after one signal. */
#define HANDLER(name, flags)                                                                       \
	EXPORT sighandler_t name(int signal, sighandler_t handler);                                \
	EXPORT sighandler_t name(int signal, sighandler_t handler)                                 \
	{                                                                                          \
		sighandler_t before;                                                               \
                                                                                                   \
		if (phase_signal_ends(signal)) {                                                   \
			handler = phase_handler_set(signal, handler, &before);                     \
			return phase_handler_seen(real.name(signal, handler), before);             \
		}                                                                                  \
		if (!sampler_shares(signal) || this_thread.vforked)                                \
			return real.name(signal, handler);                                         \
		return set_handler(signal, handler, flags);                                        \
	}

HANDLER(signal, SA_RESTART)
HANDLER(bsd_signal, SA_RESTART)
HANDLER(ssignal, SA_RESTART)
HANDLER(sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))
HANDLER(__sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))

/* sigset can block the signal instead; glibc does that, and removes our handler. */
EXPORT sighandler_t sigset(int signal, sighandler_t handler)
{
	sighandler_t before;

	if (phase_signal_ends(signal)) {
		handler = phase_handler_set(signal, handler, &before);
		return phase_handler_seen(real.sigset(signal, handler), before);
	}
	if (!sampler_shares(signal) || this_thread.vforked || handler == SIG_HOLD)
		return real.sigset(signal, handler);
	return set_handler(signal, handler, 0);
}

EXPORT int sigignore(int signal)
{
	if (!sampler_shares(signal) || this_thread.vforked)
		return real.sigignore(signal);
	return set_handler(signal, SIG_IGN, 0) == SIG_ERR ? -1 : 0;
}

EXPORT int sigaltstack(const stack_t *stack, stack_t *before)
{
	int result = real.sigaltstack(stack, before);

	if (!result && stack && !this_thread.vforked) {
		sampler_signal_stack_changed(stack);
		if (!(stack->ss_flags & SS_DISABLE))
			event_signal_stack_made((uintptr_t)__builtin_return_address(0));
	}
	return result;
}

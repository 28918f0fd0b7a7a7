#include "sampler_signal.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "runtime/base/runtime.h"
#include "runtime/base/signal_stack.h"
#include "runtime/base/system_call.h"
#include "runtime/libc/real.h"
#include "runtime/modules/modules.h"
#include "runtime/trace/trace.h"
#include "shared/arch/arch.h"
#include "signal_frame.h"
#include "stall_samples.h"

struct sampler_next {
	void *handler; /* handler to continue with, or NULL */
	char *frame;   /* frame to call it with; NULL: the current one */
};

/* arch/x86_64/sampler_entry.S */
void sampler_entry(int signal, siginfo_t *info, void *context);
struct sampler_next sampler_handle(int signal, siginfo_t *info, void *context);

char sampler_cookie;
THREAD_LOCAL char *sampler_stack_top;
THREAD_LOCAL uint64_t sampler_next_mask; /* mask of the program's handler, in the kernel's form */

/* A signal that we handle before the program does. */
struct shared_signal {
	int number;
	struct sigaction program; /* the program's action, as set or as found */
	int state;		  /* 0: no handler yet, 1: one thread installs it, 2: installed */
};

static struct shared_signal samples = { .number = SAMPLER_SIGNAL }, faults = { .number = SIGBUS };
static bool too_small;	       /* saw an alternate stack too small for a signal */
static bool blocks_ours[NSIG]; /* by signal: its handler's mask has our signal added by us */

void sampler_set_stack(char *top)
{
	sampler_stack_top = top;
}

static bool is_on(const stack_t *stack, uintptr_t address)
{
	return stack->ss_size && address - (uintptr_t)stack->ss_sp < stack->ss_size;
}

static uint64_t mask_word(const sigset_t *set)
{
	uint64_t word;

	memcpy(&word, set, sizeof word);
	return word;
}

static bool has_handler(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* Prepares a call of the program's own handler as the kernel would make it. */
static struct sampler_next next_of_program(struct shared_signal *signal, const siginfo_t *info,
					   ucontext_t *context)
{
	struct sigaction chained = signal->program;
	struct sampler_next next = { NULL, NULL };
	uintptr_t frame = signal_frame_start(context);

	if (!has_handler(&chained))
		return next;
	if (chained.sa_flags & (int)SA_RESETHAND)
		signal->program.sa_handler = SIG_DFL;
	sampler_next_mask = mask_word(&context->uc_sigmask) | mask_word(&chained.sa_mask);
	if (!(chained.sa_flags & SA_NODEFER))
		sampler_next_mask |= UINT64_C(1) << (signal->number - 1);
	next.handler = (void *)chained.sa_sigaction;
	if (!(chained.sa_flags & SA_ONSTACK) && is_on(&context->uc_stack, frame) &&
	    !is_on(&context->uc_stack, (uintptr_t)ARCH_CONTEXT_SP(context)) &&
	    signal_frame_has(context, info))
		next.frame = signal_frame_move(context);
	return next;
}

/*
 * Without a handler SIGBUS ends the program: repeat the faulting instruction, or resend the signal
 * if another process sent it.
 */
static void take_default(const siginfo_t *info)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };

	real.sigaction(SIGBUS, &plain, NULL);
	if (info->si_code <= 0)
		system_call_always(SYS_tgkill, system_call_always(SYS_getpid, 0, 0, 0, 0, 0, 0),
				   system_call_always(SYS_gettid, 0, 0, 0, 0, 0, 0), SIGBUS, 0, 0,
				   0);
}

/* A truncated trace file must not end the program: continue without the trace. */
static struct sampler_next handle_fault(siginfo_t *info, void *context)
{
	if (info->si_code > 0 && trace_was_cut((uintptr_t)info->si_addr))
		return (struct sampler_next){ NULL, NULL };
	if (!has_handler(&faults.program))
		take_default(info);
	return next_of_program(&faults, info, context);
}

struct sampler_next sampler_handle(int signal, siginfo_t *info, void *context)
{
	struct sampler_next next = { NULL, NULL };
	int saved_errno = errno;

	if (signal == SIGBUS) {
		next = handle_fault(info, context);
	} else if (info->si_code != SI_TIMER || info->si_value.sival_ptr != &sampler_cookie) {
		next = next_of_program(&samples, info, context);
	} else {
		stall_sample(context);
		signal_frame_restart_call(context);
	}
	errno = saved_errno;
	return next;
}

static int sampler_install(struct shared_signal *signal)
{
	struct sigaction action = { .sa_sigaction = sampler_entry, .sa_flags = SA_SIGINFO };

	if (!__atomic_load_n(&too_small, __ATOMIC_RELAXED))
		action.sa_flags |= SA_ONSTACK;
	if (!has_handler(&signal->program) || signal->program.sa_flags & SA_RESTART)
		action.sa_flags |= SA_RESTART;
	/* Includes the signals that libc reserves. */
	memset(&action.sa_mask, 0xff, sizeof action.sa_mask);
	/* An ignored signal stays ignored across an exec. */
	if (signal->number == SIGBUS && signal->program.sa_handler == SIG_IGN)
		action = signal->program;
	return real.sigaction(signal->number, &action, NULL);
}

static bool is_ready(struct shared_signal *signal)
{
	int none = 0;

	if (__atomic_load_n(&signal->state, __ATOMIC_ACQUIRE) == 2)
		return true;
	if (!__atomic_compare_exchange_n(&signal->state, &none, 1, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return none == 2;
	if (real.sigaction(signal->number, NULL, &signal->program) || sampler_install(signal)) {
		__atomic_store_n(&signal->state, 0, __ATOMIC_RELEASE);
		return false;
	}
	__atomic_store_n(&signal->state, 2, __ATOMIC_RELEASE);
	return true;
}

bool sampler_handler_ready(void)
{
	return is_ready(&samples);
}

void sampler_guard_trace(void)
{
	if (!runtime_silent)
		is_ready(&faults);
}

static void shared_signal_leave(struct shared_signal *signal)
{
	if (__atomic_load_n(&signal->state, __ATOMIC_ACQUIRE) != 2)
		return;
	real.sigaction(signal->number, &signal->program, NULL);
	__atomic_store_n(&signal->state, 0, __ATOMIC_RELEASE);
}

void sampler_handler_leave(void)
{
	shared_signal_leave(&samples);
	shared_signal_leave(&faults);
}

int sampler_sigaction(int number, const struct sigaction *action, struct sigaction *before)
{
	struct shared_signal *signal = number == SIGBUS ? &faults : &samples;
	struct sigaction old = signal->program;

	if (__atomic_load_n(&signal->state, __ATOMIC_ACQUIRE) != 2)
		return real.sigaction(number, action, before);
	if (action) {
		signal->program = *action;
		if (sampler_install(signal)) {
			signal->program = old;
			return -1;
		}
	}
	if (before)
		*before = old;
	return 0;
}

int sampler_other_sigaction(int (*call)(int, const struct sigaction *, struct sigaction *),
			    int signal, const struct sigaction *action, struct sigaction *before)
{
	struct sigaction ours;
	bool blocked, blocks = false;
	int result;

	if (signal <= 0 || signal >= NSIG)
		return call(signal, action, before);
	if (action && action->sa_flags & SA_ONSTACK && has_handler(action) &&
	    !sigismember(&action->sa_mask, SAMPLER_SIGNAL)) {
		ours = *action;
		sigaddset(&ours.sa_mask, SAMPLER_SIGNAL);
		action = &ours;
		blocks = true;
	}
	blocked = __atomic_load_n(&blocks_ours[signal], __ATOMIC_RELAXED);
	result = call(signal, action, before);
	if (result)
		return result;
	if (before && blocked)
		sigdelset(&before->sa_mask, SAMPLER_SIGNAL);
	/* A vforked child has its own handlers but shares its parent's memory. */
	if (action && !this_thread.vforked)
		__atomic_store_n(&blocks_ours[signal], blocks, __ATOMIC_RELAXED);
	return 0;
}

void sampler_signal_stack_changed(const stack_t *stack)
{
	signal_stack_changed(stack);
	if (stack->ss_flags & SS_DISABLE || stack->ss_size >= signal_frame_size() ||
	    __atomic_exchange_n(&too_small, true, __ATOMIC_RELAXED))
		return;
	if (__atomic_load_n(&samples.state, __ATOMIC_ACQUIRE) == 2)
		sampler_install(&samples);
	if (__atomic_load_n(&faults.state, __ATOMIC_ACQUIRE) == 2)
		sampler_install(&faults);
}

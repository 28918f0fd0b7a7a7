#include "sampler.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/libc/real.h"
#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "stall_samples.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"

#define MAX_TIMERS 1024
#define NO_TIMER   (-1)
#define MASK_SIZE  8

/* The instructions before the place that an interrupted call of glibc returns to:
 * mov $number, %eax; syscall. */
#define MOV_EAX	     0xb8
#define SYSCALL_SIZE 2
#define CALL_SIZE    7

static struct sigaction program; /* what the program asked for, or found */
static int state;		 /* 0: no handler yet, 1: one thread installs it, 2: installed */
static char cookie;		 /* its address tells our signals from others */
static struct {
	int number; /* the kernel's + 1; 0: free, -1: about to be made */
} timers[MAX_TIMERS];

static THREAD_LOCAL int timer = NO_TIMER; /* place in timers */
static THREAD_LOCAL bool stopped;

/*
 * A call that may not be restarted by the kernel (epoll_wait, poll, sleeps) and met our signal on
 * its way into the wait, has not waited yet: it is made again, as if nothing had been.
 */
static void restart_call(ucontext_t *context)
{
	greg_t *registers = context->uc_mcontext.gregs;
	uintptr_t pc = (uintptr_t)registers[REG_RIP];
	const struct module *module;
	const uint8_t *code;
	uint32_t number;

	if (registers[REG_RAX] != -EINTR)
		return;
	module = modules_find(pc);
	if (!module || pc - CALL_SIZE < module->text_start)
		return;
	code = (const uint8_t *)pc - CALL_SIZE;
	if (code[0] != MOV_EAX || code[5] != 0x0f || code[6] != 0x05)
		return;
	memcpy(&number, code + 1, sizeof number);
	registers[REG_RAX] = number;
	registers[REG_RIP] = (greg_t)(pc - SYSCALL_SIZE);
}

/* QEMU 7 calls handlers of its guests on a stack that is not aligned. */
__attribute__((force_align_arg_pointer)) static void handle(int signal, siginfo_t *info,
							    void *context)
{
	int saved_errno = errno;
	struct sigaction chained;

	if (info->si_code == SI_TIMER && info->si_value.sival_ptr == &cookie) {
		stall_sample(context);
		restart_call(context);
		errno = saved_errno;
		return;
	}
	chained = program;
	if (chained.sa_handler == SIG_DFL || chained.sa_handler == SIG_IGN)
		return;
	if (chained.sa_flags & (int)SA_RESETHAND)
		program.sa_handler = SIG_DFL;
	if (chained.sa_flags & SA_SIGINFO)
		chained.sa_sigaction(signal, info, context);
	else
		chained.sa_handler(signal);
}

/* Ours, with what the program wants of the kernel for its own. */
static int install(void)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART };

	if (program.sa_handler != SIG_DFL && program.sa_handler != SIG_IGN) {
		action.sa_flags = (program.sa_flags & ~(int)SA_RESETHAND) | SA_SIGINFO;
		action.sa_mask = program.sa_mask;
	}
	return real.sigaction(SAMPLER_SIGNAL, &action, NULL);
}

static bool handler_ready(void)
{
	int none = 0;

	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == 2)
		return true;
	if (!__atomic_compare_exchange_n(&state, &none, 1, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return none == 2;
	if (real.sigaction(SAMPLER_SIGNAL, NULL, &program) || install()) {
		__atomic_store_n(&state, 0, __ATOMIC_RELEASE);
		return false;
	}
	__atomic_store_n(&state, 2, __ATOMIC_RELEASE);
	return true;
}

int sampler_sigaction(const struct sigaction *action, struct sigaction *before)
{
	struct sigaction old = program;

	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != 2)
		return real.sigaction(SAMPLER_SIGNAL, action, before);
	if (action) {
		program = *action;
		if (install()) {
			program = old;
			return -1;
		}
	}
	if (before)
		*before = old;
	return 0;
}

static void set_timer(int place, bool on)
{
	uint64_t ns = on ? runtime_options.sample_us * UINT64_C(1000) : 0;
	struct itimerspec time = { .it_interval = { (time_t)(ns / 1000000000),
						    (long)(ns % 1000000000) } };

	time.it_value = time.it_interval;
	system_call(SYS_timer_settime, timers[place].number - 1, 0, (long)&time, 0, 0, 0);
}

static bool is_blocked(void)
{
	uint64_t mask = 0;

	system_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, MASK_SIZE, 0, 0);
	return mask >> (SAMPLER_SIGNAL - 1) & 1;
}

static int take_place(void)
{
	for (int i = 0; i < MAX_TIMERS; i++) {
		int none = 0;

		if (!__atomic_load_n(&timers[i].number, __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(&timers[i].number, &none, -1, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return i;
	}
	return NO_TIMER;
}

void sampler_take(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = SAMPLER_SIGNAL,
				  .sigev_value = { .sival_ptr = &cookie } };
	int number, place;

	if (timer != NO_TIMER || !runtime_options.sample_us || runtime_silent || !handler_ready())
		return;
	place = take_place();
	if (place == NO_TIMER)
		return;
	event._sigev_un._tid = gettid();
	if (system_call(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, (long)&event, (long)&number, 0,
			0, 0)) {
		__atomic_store_n(&timers[place].number, 0, __ATOMIC_RELEASE);
		return;
	}
	__atomic_store_n(&timers[place].number, number + 1, __ATOMIC_RELEASE);
	timer = place;
	stopped = is_blocked();
	if (!stopped)
		set_timer(timer, true);
}

void sampler_leave(void)
{
	if (timer == NO_TIMER)
		return;
	system_call(SYS_timer_delete, timers[timer].number - 1, 0, 0, 0, 0, 0);
	__atomic_store_n(&timers[timer].number, 0, __ATOMIC_RELEASE);
	timer = NO_TIMER;
}

void sampler_forget(void)
{
	memset(timers, 0, sizeof timers);
	timer = NO_TIMER;
}

void sampler_stop_all(void)
{
	for (int i = 0; i < MAX_TIMERS; i++)
		if (timers[i].number > 0)
			set_timer(i, false);
}

void sampler_masks(int how, const sigset_t *set)
{
	if (timer == NO_TIMER || stopped || !set || how == SIG_UNBLOCK ||
	    !sigismember(set, SAMPLER_SIGNAL))
		return;
	stopped = true;
	set_timer(timer, false);
}

void sampler_masked(int how, const sigset_t *set)
{
	if (timer == NO_TIMER || !stopped || !set || runtime_silent || how == SIG_BLOCK)
		return;
	if (how == SIG_UNBLOCK ? !sigismember(set, SAMPLER_SIGNAL)
			       : sigismember(set, SAMPLER_SIGNAL))
		return;
	stopped = false;
	set_timer(timer, true);
}

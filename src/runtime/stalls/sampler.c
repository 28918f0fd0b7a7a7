#include "sampler.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"
#include "sampler_signal.h"

#define MAX_TIMERS 16384
#define GUARDED	   256 /* stacks with a guard page: each needs one more mapping */
#define NO_TIMER   0   /* and no thread has the first of the table */
#define MASK_SIZE  8

static struct {
	int number;  /* the kernel's number + 1; 0: free, -1: being created */
	char *stack; /* signal stack for the thread's samples; reused by the next thread */
} timers[MAX_TIMERS];
static int timers_used; /* timers from here on were never taken */

static struct itimerspec sampler_interval(bool on)
{
	uint64_t ns = on ? runtime_options.sample_us * UINT64_C(1000) : 0;
	struct itimerspec time = { .it_interval = { (time_t)(ns / 1000000000),
						    (long)(ns % 1000000000) } };

	time.it_value = time.it_interval;
	return time;
}

static void sampler_set_timer(int place, bool on)
{
	struct itimerspec time = sampler_interval(on);

	system_call(SYS_timer_settime, SHARED_WORD(timers[place].number) - 1, 0, (long)&time, 0, 0,
		    0);
}

static bool is_blocked(void)
{
	uint64_t mask = 0;

	system_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, MASK_SIZE, 0, 0);
	return mask >> (SAMPLER_SIGNAL - 1) & 1;
}

static int sampler_take_place(void)
{
	for (int i = NO_TIMER + 1; i < MAX_TIMERS; i++) {
		int none = 0;

		if (!__atomic_load_n(&timers[i].number, __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(&timers[i].number, &none, -1, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			if (i >= __atomic_load_n(&timers_used, __ATOMIC_RELAXED))
				__atomic_store_n(&timers_used, i + 1, __ATOMIC_RELAXED);
			return i;
		}
	}
	return NO_TIMER;
}

static char *stack_top(int place)
{
	char *stack = timers[place].stack;

	if (!stack) {
		stack = memory_map(SAMPLER_STACK_SIZE + MEMORY_PAGE);
		if (!stack)
			return NULL;
		if (place < GUARDED)
			system_call(SYS_mprotect, (long)stack, MEMORY_PAGE, PROT_NONE, 0, 0, 0);
		timers[place].stack = stack;
	}
	return stack + MEMORY_PAGE + SAMPLER_STACK_SIZE;
}

void sampler_take(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = SAMPLER_SIGNAL,
				  .sigev_value = { .sival_ptr = &sampler_cookie } };
	int number, place;

	sampler_guard_trace();
	if (this_thread.timer != NO_TIMER || !runtime_options.sample_us || runtime_silent ||
	    !sampler_handler_ready())
		return;
	place = sampler_take_place();
	if (place == NO_TIMER)
		return;
	LIBC_EVENT_THREAD(&event) = thread_tid();
	if (system_call(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, (long)&event, (long)&number, 0,
			0, 0)) {
		__atomic_store_n(&timers[place].number, 0, __ATOMIC_RELEASE);
		return;
	}
	__atomic_store_n(&timers[place].number, number + 1, __ATOMIC_RELEASE);
	this_thread.timer = place;
	sampler_set_stack(stack_top(place));
	this_thread.timer_stopped = is_blocked();
	if (!this_thread.timer_stopped)
		sampler_set_timer(this_thread.timer, true);
}

void sampler_leave(void)
{
	if (this_thread.timer == NO_TIMER)
		return;
	system_call(SYS_timer_delete, SHARED_WORD(timers[this_thread.timer].number) - 1, 0, 0, 0, 0,
		    0);
	sampler_set_stack(NULL);
	__atomic_store_n(&timers[this_thread.timer].number, 0, __ATOMIC_RELEASE);
	this_thread.timer = NO_TIMER;
}

void sampler_forget(void)
{
	for (int i = NO_TIMER + 1; i < timers_used; i++)
		timers[i].number = 0;
	this_thread.timer = NO_TIMER;
	sampler_set_stack(NULL);
}

void sampler_stop_all(void)
{
	struct itimerspec never = sampler_interval(false);

	for (int i = NO_TIMER + 1; i < timers_used; i++)
		if (timers[i].number > 0)
			system_call_always(SYS_timer_settime, timers[i].number - 1, 0, (long)&never,
					   0, 0, 0);
	sampler_handler_leave();
}

void sampler_masks(int how, const sigset_t *set)
{
	if (this_thread.timer == NO_TIMER || this_thread.timer_stopped || !set ||
	    how == SIG_UNBLOCK || !sigismember(set, SAMPLER_SIGNAL))
		return;
	this_thread.timer_stopped = true;
	sampler_set_timer(this_thread.timer, false);
}

void sampler_masked(int how, const sigset_t *set)
{
	if (this_thread.timer == NO_TIMER || !this_thread.timer_stopped || !set || runtime_silent ||
	    how == SIG_BLOCK)
		return;
	if (how == SIG_UNBLOCK ? !sigismember(set, SAMPLER_SIGNAL)
			       : sigismember(set, SAMPLER_SIGNAL))
		return;
	this_thread.timer_stopped = false;
	sampler_set_timer(this_thread.timer, true);
}

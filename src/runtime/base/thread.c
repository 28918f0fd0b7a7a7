#include "thread.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>

#include "system_call.h"

/* How far a stack may grow between two observations and still count as the same stack. */
#define STACK_STRIDE (1 << 20)

THREAD_LOCAL struct thread_state this_thread;

static const char no_answer;
const char *thread_is_alone = &no_answer;

static pthread_t main_thread;
static uintptr_t main_stack_top;

void thread_init(void)
{
	/*
	 * From ld.so: the stack pointer at the program's entry. Looked up at run time, so that we
	 * depend only on libc.
	 */
	void *const *stack_end = dlsym(RTLD_DEFAULT, "__libc_stack_end");

	/* glibc has it since 2.32. */
	thread_is_alone = dlsym(RTLD_DEFAULT, "__libc_single_threaded");
	if (!thread_is_alone)
		thread_is_alone = &no_answer;
	main_thread = pthread_self();
	main_stack_top = (uintptr_t)(stack_end ? *stack_end : __builtin_frame_address(0));
}

void thread_forked(void)
{
	struct thread_state *self = &this_thread;

	self->turn = NULL;
	self->in_call = false;
	self->root_suspect = false;
	self->root_polled = false;
	self->main_script = false;
	self->own_code = 0;
	self->serving = SERVING_NOBODY;
}

void thread_state_close(void)
{
	this_thread.own_code++;
	this_thread.own_frame = UINTPTR_MAX;
}

void thread_state_end(void)
{
	if (this_thread.dump)
		system_call(SYS_munmap, (long)this_thread.dump, this_thread.dump_size, 0, 0, 0, 0);
	this_thread.dump = NULL;
	this_thread.dead = true;
	this_thread.armed = false;
}

int thread_tid(void)
{
	clockid_t clock;

	/* The complement of the tid, above three bits (kernel, posix-timers.h): libc has it. */
	if (!pthread_getcpuclockid(pthread_self(), &clock))
		return ~(clock >> 3);
	return (int)system_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

uintptr_t thread_stack_top(void)
{
	/*
	 * glibc puts a thread's control block, which pthread_self points to, at the top of its
	 * stack, allocated or supplied by the program (nptl/allocatestack.c). The first thread's is
	 * elsewhere.
	 */
	if (!this_thread.stack_top) {
		pthread_t self = pthread_self();

		this_thread.stack_top =
			pthread_equal(self, main_thread) ? main_stack_top : (uintptr_t)self;
		this_thread.stack_low = this_thread.stack_top;
	}
	return this_thread.stack_top;
}

bool thread_on_own_stack(uintptr_t address)
{
	uintptr_t top = thread_stack_top();
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	/*
	 * The size of a stack cannot be found without allocation, so its known part grows with its
	 * use.
	 */
	if (here < this_thread.stack_low && this_thread.stack_low - here < STACK_STRIDE)
		this_thread.stack_low = here;
	return here >= this_thread.stack_low && here < top && address >= this_thread.stack_low &&
	       address < top;
}

int own_code_begin(void *frame)
{
	if (!this_thread.own_code++)
		this_thread.own_frame = (uintptr_t)frame;
	this_thread.armed = false;
	return errno;
}

void own_code_end(const int *saved_errno)
{
	/* Code that seemed to have been left may return, from a handler on an alternate stack. */
	if (this_thread.own_code && --this_thread.own_code == 0)
		thread_arm();
	errno = *saved_errno;
}

void own_code_left(uintptr_t frame)
{
	struct thread_state *self = &this_thread;

	/* Interrupted by a handler on an alternate stack, whose address says nothing. */
	if (frame <= self->own_frame || !thread_on_own_stack(frame))
		return;
	self->own_code = 0;
	self->serving = SERVING_NOBODY;
	thread_arm();
}

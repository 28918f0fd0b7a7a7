/* The calls that make a process of this one. What a child must forget is process.h's business. */
#include <stddef.h>

#include "../process.h"
#include "call.h"
#include "status_pipe.h"
#include "vfork.h"

static pid_t forked(pid_t pid)
{
	if (pid > 0 && !this_thread.vforked)
		status_pipe_forked();
	return pid;
}

EXPORT pid_t fork(void)
{
	return forked(real.fork());
}

EXPORT pid_t __fork(void);

EXPORT pid_t __fork(void)
{
	return forked(real.__fork());
}

/* It runs no handlers of pthread_atfork, so the child is told here. */
EXPORT pid_t _Fork(void)
{
	pid_t pid = real._Fork();

	if (pid == 0 && !this_thread.vforked)
		process_forked();
	return forked(pid);
}

/* As vfork.S has it. */
_Static_assert(offsetof(struct thread_state, armed) == 0, "ARMED");
_Static_assert(offsetof(struct thread_state, vforked) == 1, "VFORKED");

void vfork_returned(long result)
{
	if (result > 0 && !this_thread.vforked)
		status_pipe_forked();
	thread_arm();
}

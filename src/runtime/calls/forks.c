/* Calls that fork this process. See process.h for the state that a child must drop. */
#include <spawn.h>
#include <stddef.h>

#include "runtime/process/process.h"
#include "runtime/tasks/task_leftovers.h"
#include "runtime/process/unwatched.h"
#include "runtime/unwind/unwinder.h"
#include "call.h"
#include "child_pipes.h"
#include "status_pipe.h"
#include "vfork.h"

static pid_t fork_returned(pid_t pid)
{
	if (pid > 0 && !this_thread.vforked) {
		child_started(pid, status_pipe_forked());
		task_child_made(pid);
	}
	return pid;
}

EXPORT pid_t fork(void)
{
	return fork_returned(real.fork());
}

EXPORT pid_t __fork(void);

EXPORT pid_t __fork(void)
{
	return fork_returned(real.__fork());
}

/* It does not run pthread_atfork handlers, so call ours here. */
EXPORT pid_t _Fork(void)
{
	pid_t pid;

	unwinder_forks();
	pid = real._Fork();

	if (pid == 0 && !this_thread.vforked)
		process_forked();
	return fork_returned(pid);
}

#define SPAWN_PARAMS                                                                               \
	(pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,                 \
	 const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[])
#define SPAWN_ARGS (pid, path, actions, attributes, arguments, environment)

#define SPAWNS(name)                                                                               \
	static COLD int watched_##name SPAWN_PARAMS                                                \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, ANY);                                               \
		int result = CALL_RESULT(watch, real.name SPAWN_ARGS);                             \
                                                                                                   \
		if (!result && pid) {                                                              \
			child_started(*pid, true);                                                 \
			task_child_made(*pid);                                                     \
		}                                                                                  \
		return result;                                                                     \
	}                                                                                          \
	EXPORT int name SPAWN_PARAMS                                                               \
	{                                                                                          \
		struct unwatched program = unwatched_check(path, environment);                     \
		int result =                                                                       \
			LIKELY(!call_armed()) ? real.name SPAWN_ARGS : watched_##name SPAWN_ARGS;  \
                                                                                                   \
		if (result)                                                                        \
			unwatched_failed(program);                                                 \
		return result;                                                                     \
	}

SPAWNS(posix_spawn)
SPAWNS(posix_spawnp)

/* Used by vfork.S. */
_Static_assert(offsetof(struct thread_state, armed) == 0, "ARMED");
_Static_assert(offsetof(struct thread_state, vforked) == 2, "VFORKED");

void vfork_returned(long result)
{
	if (result > 0 && !this_thread.vforked) {
		child_started((pid_t)result, true);
		status_pipe_forked();
		unwatched_write_pending();
		task_child_made((pid_t)result);
	}
	thread_arm();
}

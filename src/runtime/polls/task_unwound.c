/* Polls left by unwinding: a panic that the executor does not catch, or the end of a thread. */
#include <stddef.h>

#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"
#include "runtime/tasks/task_thunks.h"

/* Itanium C++ ABI, exception handling, 1.4 */
#define CLEANUP_PHASE	2
#define CONTINUE_UNWIND 8

/*
 * The personality routine of the frame between an executor and a poll. The turn's memory is just
 * below that frame, and not overwritten yet. Turns that are not on a stack may be nested in it.
 */
int task_unwound(int version, int actions, uint64_t class, void *exception, void *context)
{
	struct turn *turn = this_thread.turn;

	(void)version;
	(void)class;
	(void)exception;
	(void)context;
	while (turn && !turn->address)
		turn = turn->parent;
	if (turn && actions & CLEANUP_PHASE)
		turn_end(turn);
	return CONTINUE_UNWIND;
}

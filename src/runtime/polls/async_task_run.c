/* The hook between an executor and a task's run. */
#include <string.h>

#include "runtime/futures/cancel_look.h"
#include "runtime/futures/guard_rest.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"
#include "runtime/tasks/async_task.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_registry.h"
#include "runtime/futures/task_root.h"
#include "runtime/tasks/task_slots.h"

#define CLOSED (1UL << 3) /* async-task/src/state.rs */

/*
 * Jobs of the blocking crate have it too, though it is not called for them: it marks a turn as
 * ours.
 */
static enum may_block async_task_may_block(struct turn *turn)
{
	return turn->kind == TURN_OFFLOAD ? MAY_BLOCK : MAY_NOT_BLOCK;
}

static bool is_blocking_crate_job(const struct turn *turn)
{
	return turn && turn->may_block == async_task_may_block && turn->kind == TURN_OFFLOAD;
}

/*
 * The blocking crate runs its jobs as tasks, on threads named "blocking-1" and so on: what is
 * spawned there may block. If such a job runs tasks on its own executor, they block that executor.
 */
static bool runs_jobs(void)
{
	static const char name[] = "blocking-";

	return !memcmp(this_thread.name, name, sizeof name - 1) &&
	       !is_blocking_crate_job(this_thread.turn);
}

static COLD void run_was_cancelled(struct turn *turn, const struct task_slot *slot)
{
	turn->outcome = OUTCOME_CANCELLED;
	if (turn->kind != TURN_TASK)
		return;
	cancel_look(turn->executor, slot, turn->task, CANCEL_ABORTED, LOOK_TO_POLL);
	task_registry_remove(turn->task);
}

/*
 * Once `run` has returned, the task may be freed, or run by another thread: its header is not read
 * any more. Only a result of true says how the run ended: the task was woken during it, and will
 * run again.
 *
 * A closed task is dropped in this call instead of polled. A panic propagates out of it unless the
 * executor prevents that (Builder::propagate_panic): see task_unwound.c.
 */
bool async_task_run(void *header, uint32_t number)
{
	const struct task_slot *slot = &task_slots[number];
	struct executor *executor = async_task_executor(slot->module);
	bool job = runs_jobs(), again;
	struct turn turn;

	turn.address = (uintptr_t)__builtin_frame_address(0);
	turn_begin(&turn, executor, job ? TURN_OFFLOAD : TURN_TASK);
	turn.may_block = async_task_may_block;
	turn.type = slot->type;
	turn.task = header;
	if (!job && !turn.parent)
		task_thread_runs_tasks(executor);
	if (!job)
		task_registry_polled(header, slot->type, turn.start);
	if (UNLIKELY(slot->future != NULL))
		guard_look(slot, header, LOOK_TO_POLL);
	if (slot->word != ASYNC_TASK_NO_STATE && ((const uint64_t *)header)[slot->word] & CLOSED)
		run_was_cancelled(&turn, slot);
	again = ((bool (*)(void *))slot->function)(header);
	if (again)
		turn.outcome = OUTCOME_PENDING;
	turn_end(&turn);
	if (UNLIKELY(slot->future != NULL))
		guard_rest_begin(header, number);
	return again;
}

/* Called when a scheduled task is dropped because its executor is gone or no longer needs it. */
void async_task_drop_future(void *header, uint32_t number)
{
	const struct task_slot *slot = &task_slots[number];

	if (UNLIKELY(slot->future != NULL))
		guard_look(slot, header, LOOK_FROM_ASIDE);
	if (!runs_jobs())
		cancel_look(async_task_executor(slot->module), slot, header, CANCEL_SHUT_DOWN,
			    LOOK_FROM_ASIDE);
	task_registry_remove(header);
	this_thread.drops_task++;
	((void (*)(void *))slot->function)(header);
	this_thread.drops_task--;
}

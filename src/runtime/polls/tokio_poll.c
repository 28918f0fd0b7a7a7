/* The hook between a scheduler and a task's poll. */
#include "runtime/futures/cancel_look.h"
#include "runtime/futures/guard_look.h"
#include "runtime/futures/guard_rest.h"
#include "runtime/futures/root_harm.h"
#include "runtime/locks/held.h"
#include "runtime/tasks/task_resources.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"
#include "runtime/tasks/tokio.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_registry.h"
#include "runtime/tasks/task_slots.h"

/* tokio/src/runtime/task/state.rs */
#define TASK_RUNNING   (1UL << 0)
#define COMPLETE       (1UL << 1)
#define TASK_CANCELLED (1UL << 5)

struct tokio_turn {
	struct turn turn;
	struct task_module *module;
	enum tokio_place began; /* the thread's place when the poll began */
};

static enum may_block tokio_may_block(struct turn *turn);

/* Blocking-pool jobs have it too, though it is not called for them: it marks a turn as ours. */
static bool is_blocking_pool_job(const struct turn *turn)
{
	return turn->may_block == tokio_may_block && turn->kind == TURN_OFFLOAD;
}

static bool is_on_worker(const struct turn *turn)
{
	while (turn && !is_blocking_pool_job(turn))
		turn = turn->parent;
	return turn != NULL;
}

/*
 * Whether a task is in block_in_place right now. Only workers support it, and each worker is
 * launched as a blocking-pool job; on other threads block_in_place panics, or merely calls its
 * closure. A turn that began outside is a LocalSet's under a foreign block_on: it blocks its own
 * tasks. A block_on within the turn is inside again: its own waits have no budget, and
 * `unconstrained` code has none either.
 */
static enum may_block tokio_may_block(struct turn *turn)
{
	struct tokio_turn *ours = (struct tokio_turn *)turn;
	const struct tokio_context *context = &ours->module->context;
	const uint8_t *block;
	enum tokio_place place;

	if (turn->kind == TURN_OFFLOAD)
		return MAY_BLOCK;
	if (!is_on_worker(turn->parent) || ours->began == PLACE_OUTSIDE)
		return MAY_NOT_BLOCK;
	block = module_tls(ours->module->module);
	place = tokio_context_place(context, block);
	if (place == PLACE_UNKNOWN)
		return MAY_BLOCK_UNSURE;
	if (place == PLACE_OUTSIDE)
		return MAY_BLOCK;
	return tokio_context_polls(context, block) ? MAY_NOT_BLOCK : MAY_WAIT;
}

/* A task's future is dropped by a call through its vtable. */
static COLD void drop_future(const struct task_slot *slot, void *header, enum trace_cancel how,
			     enum look_from from)
{
	uint64_t task = task_resources_number(header, slot->type);
	uint32_t site = cancel_look(tokio_executor(), slot, header, how, from);

	task_registry_remove(header);
	this_thread.drops_task++;
	((void (*)(void *))slot->function)(header);
	this_thread.drops_task--;
	if (site && task && task_resources_kept)
		task_resources_left(task, site);
}

/*
 * Once `poll` has returned, the task may be freed, or run by another worker: its header is not read
 * any more. A cancelled task is dropped in this call instead of polled: its destructors run on the
 * executor all the same. A panic does not leave a poll (harness.rs catches it); other unwinding
 * through this frame leaves the turn to be removed by the next turn_begin. Measured: 12 ns besides
 * turn_begin and turn_end, of which the thunk takes 4.
 */
void tokio_poll(void *header, uint32_t number)
{
	const struct task_slot *slot = &task_slots[number];
	struct task_module *module = slot->module;
	bool job = slot->job || ((const uint64_t *)header)[slot->word] == 0;
	struct tokio_turn turn;
	enum tokio_moment moment = MOMENT_JOB;

	turn.module = module;
	turn.turn.address = (uintptr_t)__builtin_frame_address(0);
	turn_begin(&turn.turn, tokio_executor(), job ? TURN_OFFLOAD : TURN_TASK);
	turn.turn.may_block = tokio_may_block;
	turn.turn.type = slot->type;
	turn.turn.task = header;
	if (!job) {
		const struct turn *parent = turn.turn.parent;

		moment = parent && is_blocking_pool_job(parent) &&
					 ((const struct tokio_turn *)parent)->module == module
				 ? MOMENT_WORKER_TASK
				 : MOMENT_OTHER_TASK;
	}
	if (!job)
		task_registry_polled(header, slot->type, turn.turn.start);
	turn.began = tokio_context_look(&module->context, module_tls(module->module), moment);
	if (UNLIKELY(slot->future != NULL))
		guard_look(slot, header, LOOK_TO_POLL);
	if (UNLIKELY(*(const uint64_t *)header & TASK_CANCELLED)) {
		turn.turn.outcome = OUTCOME_CANCELLED;
		if (!job)
			drop_future(slot, header, CANCEL_ABORTED, LOOK_TO_POLL);
		else
			((void (*)(void *))slot->function)(header);
	} else {
		((void (*)(void *))slot->function)(header);
	}
	turn_end(&turn.turn);
	if (UNLIKELY(slot->future != NULL))
		guard_rest_begin(header, number);
}

/* Called by whoever wakes a suspended task, on any thread. Budget: the thunk's, and one test. */
void tokio_schedule(void *header, uint32_t number)
{
	root_harm_wakes(header);
	((void (*)(void *))task_slots[number].function)(header);
}

/* Locks that it held are never released, unless its destructors have released them. */
void tokio_shutdown(void *header, uint32_t number)
{
	const struct task_slot *slot = &task_slots[number];

	if (UNLIKELY(slot->future != NULL))
		guard_look(slot, header, LOOK_FROM_ASIDE);
	/* A task that is running now ends by itself. */
	if (*(const uint64_t *)header & (TASK_RUNNING | COMPLETE))
		((void (*)(void *))slot->function)(header);
	else
		drop_future(slot, header, CANCEL_SHUT_DOWN, LOOK_FROM_ASIDE);
	if (UNLIKELY(turns_suspended_holding))
		held_task_ends(header);
}

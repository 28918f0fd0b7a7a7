#include "root_watch.h"

#include <string.h>

#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/trace/trace_records.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_times.h"
#include "runtime/tasks/task_module.h"
#include "runtime/stalls/stalls.h"
#include "task_root.h"

/* Finds a module's state in the calling thread's memory; false while its place is unknown. */
static bool root_state_find(struct trace_root *root)
{
	for (struct task_module *module = task_module_next(NULL); module;
	     module = task_module_next(module)) {
		const uint8_t *block = module_tls(module->module);

		if (tokio_context_root(&module->context, block, root))
			return true;
	}
	return false;
}

void root_watch_place(void)
{
	struct trace_root *root, found = { 0 };

	if (!this_thread.turn_times || !this_thread.turn_times->look)
		return;
	root = this_thread.turn_times->root ? trace_at(this_thread.turn_times->root) : NULL;
	if ((root && root->state) || !root_state_find(&found))
		return;
	if (!root) {
		root = trace_allocate(sizeof *root);
		if (!root)
			return;
		trace_publish(root, RECORD_ROOT);
		this_thread.turn_times->root = trace_offset(root);
	}
	root->runtime = found.runtime;
	root->budget = found.budget;
	__atomic_store_n(&root->state, found.state, __ATOMIC_RELEASE);
}

void root_watch_begin(uint64_t start)
{
	root_watch_place();
	if (this_thread.turn_times->root) {
		struct trace_root *root = trace_at(this_thread.turn_times->root);

		root->marks = 0;
		root->turn = start;
	}
}

void root_watch_marked(void)
{
	struct trace_root *root =
		this_thread.turn_times->root ? trace_at(this_thread.turn_times->root) : NULL;

	if (root && root->marks < UINT8_MAX)
		root->marks++;
}

uint64_t root_watch_seen(const struct turn *turn)
{
	const struct trace_root *root = this_thread.turn_times && this_thread.turn_times->root
						? trace_at(this_thread.turn_times->root)
						: NULL;

	return root && root->state && root->turn == turn->start ? stall_seen_for(turn) : 0;
}

/* Whether the thread was in one block_on since it last parked. */
static bool root_stayed(const struct trace_root *root)
{
	bool same;

	_Static_assert(sizeof this_thread.root_block_on == TRACE_ROOT_STATE - 4, "block_on");
	if (!root->state)
		return false;
	same = !memcmp(this_thread.root_block_on, (const void *)(uintptr_t)root->state,
		       sizeof this_thread.root_block_on);
	memcpy(this_thread.root_block_on, (const void *)(uintptr_t)root->state,
	       sizeof this_thread.root_block_on);
	return same;
}

static uint64_t turns_begun(void)
{
	uint64_t turns = 0;

	for (unsigned i = 0; i < TRACE_THREAD_EXECUTORS; i++)
		turns += this_thread.slot->turns[i].turns;
	return turns;
}

void root_watch_take(bool parks)
{
	struct turn turn = { .executor = task_root_executor(), .kind = TURN_TASK };
	const struct trace_look *look;
	uint64_t end_ns;

	if (!this_thread.turn_times || !this_thread.turn_times->root ||
	    !this_thread.turn_times->look || !turn.executor)
		return;
	parks = parks && root_stayed(trace_at(this_thread.turn_times->root));
	look = trace_at(this_thread.turn_times->look);
	turn.start = look->turn;
	/* An observation that is being written is left for the next time. */
	if (!(turn.start & TRACE_ROOT_TURN) || look->since_ns == this_thread.root_taken_ns ||
	    !stall_seen_for(&turn))
		return;
	this_thread.root_taken_ns = look->since_ns;
	/* Then no poll has begun since. Otherwise it lasted at least until the last observation. */
	parks = parks &&
		turns_begun() == (turn.start & ~(TRACE_ROOT_TURN | TRACE_ROOT_MULTI_THREAD));
	end_ns = parks ? now_ns() : look->last_ns;
	turn.root = turn.start & TRACE_ROOT_MULTI_THREAD ? SITE_ROOT_MULTI_THREAD
							 : SITE_ROOT_CURRENT_THREAD;
	if (turn.root == SITE_ROOT_CURRENT_THREAD && !this_thread.root_reactor)
		turn.root = SITE_ROOT_FUTURE;
	if (end_ns - look->since_ns >= runtime_options.long_turn_warning_us * UINT64_C(1000))
		stall_ended(&turn, end_ns - look->since_ns, NULL);
}

/*
 * Calls the listeners of each event, from hooks.def. The only file that names all rooms of the
 * runtime.
 */
#include "runtime/base/events.h"

#include "runtime/base/thread.h"
#include "runtime/calls/call.h"
#include "runtime/calls/call_memory.h"
#include "runtime/calls/marked.h"
#include "runtime/futures/boxed_drop.h"
#include "runtime/futures/cancel_look.h"
#include "runtime/futures/guard_look.h"
#include "runtime/futures/guard_rest.h"
#include "runtime/futures/guard_sites.h"
#include "runtime/futures/main_script.h"
#include "runtime/tasks/layout_map.h"
#include "runtime/futures/root_harm.h"
#include "runtime/futures/root_look.h"
#include "runtime/interpreters/interpreters.h"
#include "runtime/interpreters/python.h"
#include "runtime/locks/held.h"
#include "runtime/locks/lock_sites.h"
#include "runtime/locks/lock_wait.h"
#include "runtime/locks/python_locks.h"
#include "runtime/loops/annotated.h"
#include "runtime/loops/event_loop.h"
#include "runtime/loops/named.h"
#include "runtime/modules/modules.h"
#include "runtime/process/alert.h"
#include "runtime/process/descriptors.h"
#include "runtime/process/origins.h"
#include "runtime/process/phase.h"
#include "runtime/stalls/sampler.h"
#include "runtime/stalls/stall_look.h"
#include "runtime/stalls/stalls.h"
#include "runtime/futures/root_turn.h"
#include "runtime/futures/root_watch.h"
#include "runtime/tasks/task_leftovers.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_registry.h"
#include "runtime/tasks/task_resources.h"
#include "runtime/futures/task_root.h"
#include "runtime/trace/current_test.h"
#include "runtime/turns/allowance.h"
#include "runtime/turns/executor.h"
#include "runtime/turns/task_types.h"
#include "runtime/turns/thread_slot.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_clock.h"
#include "runtime/turns/turn_times.h"
#include "runtime/unwind/unwinder.h"

bool event_starting(void)
{
#define NEEDED(condition)                                                                          \
	if (!(condition))                                                                          \
		return false;
#define STARTING(call) call;
#include "hooks.def"
	return true;
}

void event_forked(void)
{
	const struct thread_state *self = &this_thread;

#define FORKED(call) call;
#include "hooks.def"
}

void event_started(void)
{
#define STARTED(call) call;
#include "hooks.def"
}

void event_exits(uintptr_t frame)
{
#define EXITS(call) call;
#include "hooks.def"
}

void event_silenced(void)
{
#define SILENCED(call) call;
#include "hooks.def"
}

void event_module_added(struct module *module)
{
#define MODULE_ADDED(call) call;
#include "hooks.def"
}

void event_module_removed(struct module *module)
{
#define MODULE_REMOVED(call) call;
#include "hooks.def"
}

void event_task_layout_mapped(struct task_module *module)
{
#define TASK_LAYOUT_MAPPED(call) call;
#include "hooks.def"
}

void event_thread_named(const char *name)
{
#define THREAD_NAMED(call) call;
#include "hooks.def"
}

void event_signal_stack_made(uintptr_t caller)
{
#define SIGNAL_STACK_MADE(call) call;
#include "hooks.def"
}

void event_thread_ends(void)
{
#define THREAD_ENDS(call) call;
#include "hooks.def"
}

void event_slot_taken(void)
{
#define SLOT_TAKEN(call) call;
#include "hooks.def"
}

void event_slot_left(void)
{
#define SLOT_LEFT(call) call;
#include "hooks.def"
}

void event_begins_abruptly(void)
{
#define BEGINS_ABRUPTLY(call) call;
#include "hooks.def"
}

void event_ends_abruptly(void)
{
#define ENDS_ABRUPTLY(call) call;
#include "hooks.def"
}

void event_begins_quiet(void)
{
#define BEGINS_QUIET(call) call;
#include "hooks.def"
}

void event_call_was_left(uintptr_t frame)
{
#define CALL_WAS_LEFT(call) call;
#include "hooks.def"
}

void event_ends_holding(struct turn *turn)
{
#define ENDS_HOLDING(call) call;
#include "hooks.def"
}

void event_coroutine_yields(struct turn *turn)
{
#define COROUTINE_YIELDS(call) call;
#include "hooks.def"
}

void event_long_turn(struct turn *turn, uint64_t ns)
{
#define LONG_TURN(call) call;
#include "hooks.def"
}

void event_long_turn_pauses(const struct turn *turn)
{
#define LONG_TURN_PAUSES(call) call;
#include "hooks.def"
}

void event_turn_moved(uint64_t start, uint64_t moved)
{
#define TURN_MOVED(call) call;
#include "hooks.def"
}

void event_descriptors_closed(unsigned first, unsigned last)
{
#define DESCRIPTORS_CLOSED(call) call;
#include "hooks.def"
}

void event_descriptor_used(int fd)
{
#define DESCRIPTOR_USED(call) call;
#include "hooks.def"
}

bool ask_turn_is_provisional(const struct turn *turn)
{
	return event_loop_on_probation(turn);
}

bool ask_loop_library_has(uintptr_t pc)
{
	return event_loop_library_has(pc);
}

bool ask_stack_is_of_turn(const struct turn *turn, uintptr_t sp, const uint64_t *frames,
			  unsigned depth, uint16_t *level)
{
	return turn != event_loop_turn() ||
	       (event_loop_reaches(sp, level) && event_loop_is_below(frames, depth));
}

struct turn *ask_root_turn(const struct unwind_start *start, uint64_t now, uint64_t *frames,
			   size_t size)
{
	return root_turn_sampled(start, now, frames, size);
}

bool ask_guard_holder(uintptr_t lock, struct guard_holder *holder)
{
	return guard_find(lock, holder);
}

const struct layout_task *ask_future_of(const struct task_slot *slot, uintptr_t poll)
{
	return guard_look_future(slot, poll);
}

void ask_stack_level(const uint64_t *frames, unsigned depth, uint16_t *level, bool *certain)
{
	event_loop_stack_level(frames, depth, level, certain);
}

#include "hang_guards.h"

#include <inttypes.h>

#include "hang.h"
#include "inspect/process_file.h"
#include "inspect/task_kinds.h"
#include "report/collecting/collection.h"
#include "report/model/process.h"
#include "report/tasks/task_chain.h"

/* The lock of a guard, and the words that threads wait on for it. */
static bool waits_for_guard(const struct process_memory *memory, const struct layout *layout,
			    const struct layout_guard *guard, uint64_t futex)
{
	uint32_t number = layout->values[guard->value].word;
	const struct layout_word *word;
	uint64_t parked;

	if (futex == guard->lock)
		return true;
	if (number == LAYOUT_NONE)
		return false;
	word = &layout->words[number];
	if (word->waits != LAYOUT_NONE && futex == guard->lock - word->offset + word->waits)
		return true;
	/* A parked thread of parking_lot waits on a word of its own, near the lock's address. */
	return layout->header->parking &&
	       process_memory_read(memory, futex + (uint64_t)(int64_t)layout->header->parking,
				   &parked, sizeof parked) == sizeof parked &&
	       parked == guard->lock;
}

static void take_holder(struct collection *collection, const struct task_kind *kind,
			const struct task_seen *seen, const struct layout_guard *guard,
			struct hung_thread *thread)
{
	struct session *session = collection->report->session;
	const struct loaded_module *module = address_space_module(
		&collection->space, kind->record->poll, collection->trace->read_ns);
	const struct layout_source source = {
		.session = session,
		.layout = kind->layout,
		.path = module->path,
		.build_id = module->build_id,
		.ownership = collection->process->ownership,
	};
	const struct layout_value *value = &kind->layout->values[guard->value];
	struct ender *ender = &thread->ender;

	thread->lock = guard->lock;
	thread->subject = strings_print(&session->strings, "lock at 0x%" PRIx64, guard->lock);
	ender->kind = ENDER_TASK;
	ender->task = kind->name;
	ender->words = strings_print(&session->strings, "%s, a %s, of a suspended task",
				     layout_source_variable(&source, value),
				     layout_source_type(&source, value));
	ender->now = task_chain_frames(&source, seen->links, seen->link_count);
	stack_find_places(&ender->now);
}

static bool look_at_guards(struct collection *collection, struct task_kinds *kinds,
			   const struct process_memory *memory, uint64_t task, uint64_t futex,
			   struct hung_thread *thread)
{
	const struct task_kind *kind = task ? task_kind_of(kinds, task) : NULL;
	struct task_seen seen;

	if (!kind || !kind->layout || !task_kinds_look(kinds, kind, task, &seen))
		return false;
	for (size_t i = 0; i < seen.guard_count; i++)
		if (waits_for_guard(memory, kind->layout, &seen.guards[i], futex)) {
			take_holder(collection, kind, &seen, &seen.guards[i], thread);
			return true;
		}
	return false;
}

void hang_find_guard(struct collection *collection, const struct process_memory *memory,
		     uint64_t futex, struct hung_thread *thread)
{
	const struct trace_file *trace = collection->trace;
	struct task_kinds kinds;
	bool found = false;

	task_kinds_init(&kinds, &collection->space);
	for (size_t i = 0; i < trace->records[RECORD_TASKS].count && !found; i++) {
		const struct trace_tasks *record;
		const struct trace_task *tasks = task_kinds_tasks(trace, i, &record);

		for (uint32_t j = 0; j < record->count && !found; j++)
			found = look_at_guards(collection, &kinds, memory, tasks[j].task, futex,
					       thread);
	}
	task_kinds_deinit(&kinds);
}

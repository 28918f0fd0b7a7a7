#include "hang_siblings.h"

#include <inttypes.h>
#include <string.h>

#include "hang.h"
#include "hang_own_lock.h"
#include "inspect/known_layouts.h"
#include "inspect/process_file.h"
#include "inspect/stuck_memory.h"
#include "inspect/task_ends.h"
#include "inspect/task_kinds.h"
#include "report/collecting/collection.h"
#include "report/frames/layout_source.h"
#include "report/model/process.h"
#include "shared/layout_chain.h"

#define MOST_NAME_SIZE 256

struct sibling_search {
	struct collection *collection;
	const struct process_memory *memory;
	const struct thread_wait *wait;
	struct hung_thread *thread;
	uint64_t task; /* header of the only running task of the type; 0 */
	const struct task_kind *kind;
	size_t running;
};

static bool read_of_process(const void *memory, uint64_t address, void *to, size_t size)
{
	return process_memory_read(memory, address, to, size) == size;
}

/* Finds the task that the thread polls; several of its type may run. */
static void find_running(struct sibling_search *search, struct task_kinds *kinds)
{
	const struct trace_file *trace = search->collection->trace;

	for (size_t i = 0; i < trace->records[RECORD_TASKS].count; i++) {
		const struct trace_tasks *record;
		const struct trace_task *tasks = task_kinds_tasks(trace, i, &record);

		for (uint32_t j = 0; j < record->count; j++) {
			const struct task_kind *kind =
				tasks[j].task ? task_kind_of(kinds, tasks[j].task) : NULL;
			struct task_seen seen;

			if (!kind || !kind->layout || !kind->task || kind->is_async_task ||
			    strcmp(kind->name, search->thread->task) != 0 ||
			    !task_kinds_look(kinds, kind, tasks[j].task, &seen) ||
			    seen.state != TASK_RUNNING)
				continue;
			search->task = tasks[j].task >> TRACE_TASK_TYPE_BITS;
			search->kind = kind;
			search->running++;
		}
	}
}

/* "app::load::{async_fn_env#0}<T>": "load". False if it has no name of its own. */
static bool function_name(const char *type, char name[MOST_NAME_SIZE])
{
	const char *end = strstr(type, "::{async_fn"), *start = end;

	if (!end)
		return false;
	while (start > type && start[-1] != ':')
		start--;
	if (start == end || end - start >= MOST_NAME_SIZE)
		return false;
	memcpy(name, start, (size_t)(end - start));
	name[end - start] = '\0';
	return true;
}

/* Whether the thread may be polling a future of this type. */
static bool may_be_polled(const struct stack *stack, const char *type)
{
	char name[MOST_NAME_SIZE];

	if (!function_name(type, name))
		return true;
	for (size_t i = 0; i < stack->count; i++)
		if (!stack->frames[i].function || strstr(stack->frames[i].function, name))
			return true;
	return false;
}

static bool is_waited_for(const struct sibling_search *search, const struct layout *layout,
			  const struct task_lock *lock)
{
	uint64_t futex = search->wait->arguments[0], parked;

	if (futex == lock->lock || (lock->waits && futex == lock->waits))
		return true;
	return layout->header->parking &&
	       read_of_process(search->memory, futex + (uint64_t)(int64_t)layout->header->parking,
			       &parked, sizeof parked) &&
	       parked == lock->lock;
}

static void take_sibling(const struct sibling_search *search, const struct task_lock *lock)
{
	struct session *session = search->collection->report->session;
	const struct layout *layout = search->kind->layout;
	const struct loaded_module *module =
		address_space_module(&search->collection->space, search->kind->record->poll,
				     search->collection->trace->read_ns);
	const struct layout_source source = {
		.session = session,
		.layout = layout,
		.path = module->path,
		.build_id = module->build_id,
		.ownership = search->collection->process->ownership,
	};
	const struct layout_value *value = &layout->values[lock->value];
	const struct layout_state *state = &layout->states[lock->state];
	struct hung_thread *thread = search->thread;
	struct ender *ender = &thread->ender;

	thread->lock = lock->lock;
	thread->subject = strings_print(&session->strings, "lock at 0x%" PRIx64, lock->lock);
	thread->deadlock = true;
	ender->kind = ENDER_TASK;
	ender->task = search->kind->name;
	ender->words = strings_print(
		&session->strings, "%s, a %s, of another future of the same task",
		layout_source_variable(&source, value), layout_source_type(&source, value));
	ender->now = layout_source_stack(&source, &layout->machines[lock->machine], state->file,
					 state->line);
}

static void look_for_sibling(const struct sibling_search *search)
{
	const struct layout *layout = search->kind->layout;
	struct task_ends ends = { .wants_locks = true };
	struct stuck_memory memory;
	uint64_t address;
	uint32_t machine;

	stuck_memory_init(&memory, read_of_process, search->memory);
	memory.layout.base = search->kind->base;
	if (task_ends_machine(layout, &memory.layout, search->kind->task, search->task, &machine,
			      &address))
		task_ends_find(&ends, layout, &memory.layout, machine, address);
	for (size_t i = 0; i < ends.lock_count; i++) {
		const struct task_lock *lock = &ends.locks[i];

		if (is_waited_for(search, layout, lock) &&
		    !may_be_polled(&search->thread->native,
				   layout_text(layout, layout->machines[lock->machine].type))) {
			take_sibling(search, lock);
			break;
		}
	}
	task_ends_deinit(&ends);
	stuck_memory_deinit(&memory);
}

void hang_find_sibling(struct collection *collection, const struct process_memory *memory,
		       const struct thread_wait *wait, struct hung_thread *thread)
{
	struct sibling_search search = {
		.collection = collection,
		.memory = memory,
		.wait = wait,
		.thread = thread,
	};
	struct thread_wait later;
	struct task_kinds kinds;

	if (!thread->task || thread->native.incomplete || !hang_wait_is_endless(wait))
		return;
	task_kinds_init(&kinds, &collection->space);
	find_running(&search, &kinds);
	/* Nothing of the task changes as long as its thread waits there. */
	if (search.running == 1 && trace_file_wait(collection->trace, thread->tid, &later) &&
	    later.arguments[0] == wait->arguments[0])
		look_for_sibling(&search);
	task_kinds_deinit(&kinds);
}

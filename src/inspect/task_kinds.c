#include "task_kinds.h"

#include <errno.h>
#include <stdlib.h>

#include "known_layouts.h"
#include "session.h"
#include "shared/text.h"
#include "suspended_tasks.h"
#include "task_type.h"

#define KINDS (1U << TRACE_TASK_TYPE_BITS)

void task_kinds_init(struct task_kinds *kinds, struct address_space *space)
{
	*kinds = (struct task_kinds){ .space = space };
	kinds->kinds = memory_get(KINDS * sizeof *kinds->kinds);
	kinds->memory.fd = -1;
	kinds->suspended = suspended_tasks_create(space->trace);
	if (trace_file_has_memory(space->trace) && !trace_file_memory(space->trace, &kinds->memory))
		kinds->memory_error = errno;
}

void task_kinds_deinit(struct task_kinds *kinds)
{
	free(kinds->kinds);
	process_memory_close(&kinds->memory);
	suspended_tasks_destroy(kinds->suspended);
}

const struct trace_task *task_kinds_tasks(const struct trace_file *trace, size_t i,
					  const struct trace_tasks **record)
{
	*record = (const void *)(trace->bytes + trace->records[RECORD_TASKS].offsets[i]);
	return (const void *)((const char *)(*record + 1) + (*record)->first);
}

/* NULL if there is none; `problem` then holds the reason. */
static const struct layout *task_kinds_layout(struct task_kinds *kinds,
					      const struct loaded_module *module)
{
	struct session *session = kinds->space->session;
	const struct layout *layout = known_layout_of(session, module);
	char sentence[LAYOUT_SENTENCE_SIZE];
	struct layout other;

	if (layout || kinds->problem)
		return layout;
	if (layout_open(&other, module->file, NULL, sentence)) {
		kinds->problem = strings_keep(&session->strings, sentence);
	} else {
		layout_close(&other);
		kinds->problem =
			strings_print(&session->strings,
				      "%s has no build-id, or was rebuilt since the program was "
				      "started",
				      module->path);
	}
	return NULL;
}

static void make_kind(struct task_kinds *kinds, const struct trace_task_type *record)
{
	struct address_space *space = kinds->space;
	struct task_kind *kind = &kinds->kinds[record->number];
	const struct loaded_module *module =
		address_space_module(space, record->poll, space->trace->read_ns);
	const struct trace_executor *executor;

	kind->record = record;
	kind->name = task_type_name(space, record->poll);
	executor = trace_file_record(space->trace, record->executor, RECORD_EXECUTOR);
	kind->is_async_task = executor && executor->family == FAMILY_ASYNC_TASK;
	kind->is_job = kind->is_async_task && text_begins(kind->name, "blocking::");
	if (!module || (!trace_file_has_memory(space->trace) && !kinds->suspended))
		return;
	kind->base = module->record->base;
	kind->layout = task_kinds_layout(kinds, module);
	if (kind->layout)
		kind->task = layout_task_of(kind->layout, record->poll - kind->base);
	if (kind->task)
		kind->is_async_task = kind->task->flags & TASK_ASYNC_TASK;
}

const struct task_kind *task_kind_of(struct task_kinds *kinds, uint64_t task)
{
	const struct trace_file *trace = kinds->space->trace;
	uint32_t number = task & ((1U << TRACE_TASK_TYPE_BITS) - 1);

	if (kinds->kinds[number].record)
		return &kinds->kinds[number];
	for (size_t i = 0; i < trace->records[RECORD_TASK_TYPE].count; i++) {
		const struct trace_task_type *record =
			(const void *)(trace->bytes + trace->records[RECORD_TASK_TYPE].offsets[i]);

		if (record->number == number && number) {
			make_kind(kinds, record);
			return &kinds->kinds[number];
		}
	}
	return NULL;
}

bool task_kinds_look(const struct task_kinds *kinds, const struct task_kind *kind, uint64_t task,
		     struct task_seen *seen)
{
	const struct trace_file *trace = kinds->space->trace;

	if (trace_file_has_memory(trace))
		return task_memory_read(&kinds->memory, task >> TRACE_TASK_TYPE_BITS, kind, seen);
	if (!suspended_tasks_find(kinds->suspended, task, kind, seen))
		*seen = (struct task_seen){ .state = TASK_UNKNOWN };
	return true;
}

static uint64_t last_poll_ns(const struct trace_file *trace)
{
	uint64_t last = 0;

	for (size_t i = 0; i < trace->records[RECORD_TASKS].count; i++) {
		const struct trace_tasks *record;
		const struct trace_task *tasks = task_kinds_tasks(trace, i, &record);

		for (uint32_t j = 0; j < record->count; j++)
			if (tasks[j].polled > last)
				last = tasks[j].polled;
	}
	return last ? trace_clock_ns(trace, last) : 0;
}

uint64_t task_kinds_last_ns(const struct trace_file *trace)
{
	uint64_t seen_ns = trace_file_last_ns(trace), poll_ns = last_poll_ns(trace);

	return seen_ns > poll_ns ? seen_ns : poll_ns;
}

uint64_t task_kinds_quiet_ns(const struct trace_file *trace)
{
	uint64_t seen_ns = trace_file_last_ns(trace), poll_ns = last_poll_ns(trace);

	return poll_ns && seen_ns > poll_ns ? seen_ns - poll_ns : 0;
}

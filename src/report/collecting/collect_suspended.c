/*
 * Findings of guards of suspended tasks, read from outside: the tasks may never be polled again,
 * and the process itself looks only when they are.
 */
#include <stdbool.h>
#include <string.h>

#include "judgement/limits.h"
#include "collection.h"
#include "shared/layout_guards.h"
#include "inspect/task_kinds.h"

/* The executor of the task type. If the type had few turns, the process has not written it yet: use
 * the executor of its family. */
static uint32_t task_kind_executor(const struct trace_file *trace, const struct task_kind *kind)
{
	uint32_t family = kind->is_async_task ? FAMILY_ASYNC_TASK : FAMILY_TOKIO;

	for (size_t i = 0; !kind->record->executor && i < trace->records[RECORD_EXECUTOR].count;
	     i++) {
		uint32_t offset = trace->records[RECORD_EXECUTOR].offsets[i];
		const struct trace_executor *executor =
			trace_file_record(trace, offset, RECORD_EXECUTOR);

		if (executor->family == family)
			return offset;
	}
	return kind->record->executor;
}

/*
 * Whether the process itself has recorded this suspension: a thread that waited for a lock looked
 * at all suspended tasks. Its record goes on until now.
 */
static bool is_recorded(const struct collection *collection, const struct trace_guard_site *site)
{
	for (size_t i = 0; i < collection->trace->records[RECORD_GUARD_SITE].count; i++) {
		const struct trace_guard_site *known =
			collection_record(collection, RECORD_GUARD_SITE, i);

		if (known->open && known->last_ns >= site->first_ns && known->poll == site->poll &&
		    known->value == site->value && known->depth == site->depth &&
		    !memcmp(known->links, site->links, site->depth * sizeof *site->links))
			return true;
	}
	return false;
}

/* In the form in which the process would have written it. */
static void suspended_add_guard(struct collection *collection, const struct task_kind *kind,
				const struct task_seen *seen, const struct layout_guard *guard,
				uint64_t polled_ns, uint64_t now_ns)
{
	struct trace_guard_site site = {
		.executor = task_kind_executor(collection->trace, kind),
		.poll = kind->record->poll,
		.layout_version = LAYOUT_VERSION,
		.layout_count = layout_count(kind->layout, LAYOUT_VALUES),
		.value = guard->value,
		.depth = guard->depth,
		.address = guard->lock,
		.count = 1,
		.yields = 1,
		.total_ns = now_ns - polled_ns,
		.max_ns = now_ns - polled_ns,
		.first_ns = polled_ns,
		.last_ns = now_ns,
		.open = 1,
		.open_since_ns = polled_ns,
	};

	if (guard->depth > TRACE_GUARD_LINKS)
		return;
	for (uint32_t i = 0; i < guard->depth; i++) {
		site.links[i].machine = seen->links[i].machine;
		site.links[i].state = seen->links[i].state;
	}
	if (!is_recorded(collection, &site))
		collection_add_guard(collection, &site);
}

static void suspended_look_at(struct collection *collection, struct task_kinds *kinds,
			      const struct trace_task *task, uint64_t now_ns)
{
	const struct task_kind *kind = task->task ? task_kind_of(kinds, task->task) : NULL;
	uint64_t polled_ns = task->polled ? trace_clock_ns(collection->trace, task->polled) : 0;
	struct task_seen seen;

	if (!kind || !kind->task || !(kind->task->flags & TASK_HOLDS) || !polled_ns ||
	    polled_ns + LIMIT_SUSPENDED > now_ns ||
	    !task_kinds_look(kinds, kind, task->task, &seen))
		return;
	for (size_t i = 0; i < seen.guard_count; i++)
		suspended_add_guard(collection, kind, &seen, &seen.guards[i], polled_ns, now_ns);
}

void collect_suspended(struct collection *collection)
{
	const struct trace_file *trace = collection->trace;
	struct task_kinds kinds;
	uint64_t now_ns;

	if ((!trace->running && !trace->records[RECORD_SUSPENDED].count) ||
	    collection->report->live)
		return;
	now_ns = task_kinds_last_ns(trace);
	task_kinds_init(&kinds, &collection->space);
	for (size_t i = 0; i < trace->records[RECORD_TASKS].count; i++) {
		const struct trace_tasks *record;
		const struct trace_task *tasks = task_kinds_tasks(trace, i, &record);

		for (uint32_t j = 0; j < record->count; j++)
			suspended_look_at(collection, &kinds, &tasks[j], now_ns);
	}
	task_kinds_deinit(&kinds);
}

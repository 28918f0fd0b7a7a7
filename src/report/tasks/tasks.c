#include "tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/session.h"
#include "report/frames/layout_source.h"
#include "support/hash.h"
#include "task_chain.h"
#include "inspect/task_kinds.h"

/* Collects tasks into groups: tasks of one type with the same links form one group. */
struct gathering {
	struct address_space *space;
	const struct ownership *ownership; /* of the process */
	struct process_tasks *tasks;
	struct task_kinds kinds;
	struct seen_group *seen;
	struct group_waits *waits;    /* NULL: its memory cannot be read */
	struct sources_look *sources; /* likewise */
	uint64_t now_ns;
};

struct seen_group {
	struct task_group group;
	UT_hash_handle hh;
	size_t key_size;
	char key[];
};

static struct layout_source source_of_kind(const struct gathering *gathering,
					   const struct task_kind *kind)
{
	const struct loaded_module *module = address_space_module(
		gathering->space, kind->record->poll, gathering->space->trace->read_ns);

	return (struct layout_source){
		.session = gathering->space->session,
		.layout = kind->layout,
		.path = module->path,
		.build_id = module->build_id,
		.ownership = gathering->ownership,
	};
}

static void gathering_add_task(struct gathering *gathering, const struct task_kind *kind,
			       const struct task_seen *seen, const struct trace_task *task)
{
	struct {
		const char *name;
		uint64_t state;
		struct layout_link links[LAYOUT_MAX_LINKS];
	} key;
	size_t size = offsetof(typeof(key), links) + seen->link_count * sizeof *key.links;
	uint64_t polled_ns =
		task->polled ? trace_clock_ns(gathering->space->trace, task->polled) : 0;
	struct seen_group *known;

	memset(&key, 0, sizeof key); /* the padding is hashed too */
	key.name = kind->name;
	key.state = seen->state;
	memcpy(key.links, seen->links, seen->link_count * sizeof *key.links);
	HASH_FIND(hh, gathering->seen, &key, size, known);
	if (!known) {
		known = memory_get(sizeof *known + size);
		memset(known, 0, sizeof *known);
		memcpy(known->key, &key, size);
		known->group.type = kind->name;
		known->group.state = seen->state;
		if (seen->link_count) {
			const struct layout_source source = source_of_kind(gathering, kind);

			known->group.awaits =
				task_chain_frames(&source, seen->links, seen->link_count);
			group_wait_name(
				&known->group.wait,
				known->group.awaits.frames[known->group.awaits.count - 1].function);
		}
		HASH_ADD_KEYPTR(hh, gathering->seen, known->key, size, known);
	}
	known->group.count++;
	if (gathering->waits && seen->state == TASK_SUSPENDED)
		group_waits_add(gathering->waits, task->task >> TRACE_TASK_TYPE_BITS,
				&known->group.wait);
	if (gathering->sources && seen->state == TASK_SUSPENDED)
		group_sources_add(gathering->sources, kind, task->task >> TRACE_TASK_TYPE_BITS,
				  seen, &known->group.sources);
	if (gathering->waits && seen->link_count) {
		const struct layout_source source = source_of_kind(gathering, kind);

		group_arms_add(&gathering->kinds, &source, kind, task->task, seen,
			       &known->group.arms);
	}
	gathering->tasks->count++;
	if (polled_ns && gathering->now_ns > polled_ns &&
	    gathering->now_ns - polled_ns > known->group.oldest_ns)
		known->group.oldest_ns = gathering->now_ns - polled_ns;
}

static void gathering_look_at(struct gathering *gathering, const struct trace_task *task)
{
	const struct task_kind *kind =
		task->task ? task_kind_of(&gathering->kinds, task->task) : NULL;
	struct task_seen seen;

	if (kind && !kind->is_job && task_kinds_look(&gathering->kinds, kind, task->task, &seen))
		gathering_add_task(gathering, kind, &seen, task);
}

static int compare_groups(const void *one, const void *other)
{
	const struct task_group *a = one, *b = other;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->oldest_ns != b->oldest_ns)
		return a->oldest_ns > b->oldest_ns ? -1 : 1;
	return strcmp(a->type, b->type);
}

static void take_groups(struct gathering *gathering)
{
	struct process_tasks *tasks = gathering->tasks;
	struct seen_group *seen, *next;

	tasks->groups = obstack_alloc(&gathering->space->session->memory,
				      (HASH_COUNT(gathering->seen) + 1) * sizeof *tasks->groups);
	HASH_ITER (hh, gathering->seen, seen, next) {
		tasks->groups[tasks->group_count++] = seen->group;
		HASH_DEL(gathering->seen, seen);
		free(seen);
	}
	qsort(tasks->groups, tasks->group_count, sizeof *tasks->groups, compare_groups);
}

/* Fills in the content of each record that lists tasks. */
static void gathering_look_through(struct gathering *gathering)
{
	const struct trace_file *trace = gathering->space->trace;

	for (size_t i = 0; i < trace->records[RECORD_TASKS].count; i++) {
		const struct trace_tasks *record;
		const struct trace_task *tasks = task_kinds_tasks(trace, i, &record);

		gathering->tasks->replaced += record->replaced;
		for (uint32_t j = 0; j < record->count; j++)
			gathering_look_at(gathering, &tasks[j]);
	}
}

/* Whether the process can be read; otherwise sets the reason, and only the trace remains. */
static bool process_is_readable(struct gathering *gathering)
{
	const struct trace_file *trace = gathering->space->trace;

	if (!gathering->kinds.memory_error || !trace->records[RECORD_TASK_TYPE].count)
		return true;
	gathering->tasks->problem = strings_print(
		&gathering->space->session->strings,
		"the memory of process %lld cannot be read (%s): its tasks are not listed; ask as "
		"the user it runs as, and see /proc/sys/kernel/yama/ptrace_scope",
		(long long)trace->header->pid, strerror(gathering->kinds.memory_error));
	return false;
}

static const char *old_tokio_words(struct address_space *space, const struct trace_file *trace)
{
	return strings_print(&space->session->strings,
			     "it contains Tokio %s, and without YieldSan tasks of Tokio are found "
			     "since 1.23 only: start it under YieldSan, or update Tokio",
			     trace->old_tokio);
}

void tasks_collect(struct address_space *space, const struct ownership *ownership,
		   struct process_tasks *tasks)
{
	const struct trace_file *trace = space->trace;
	struct gathering gathering = { .space = space, .ownership = ownership, .tasks = tasks };

	gathering.now_ns = task_kinds_last_ns(trace);
	task_kinds_init(&gathering.kinds, space);
	if (process_is_readable(&gathering)) {
		if (trace_file_has_memory(trace) && trace->records[RECORD_TASKS].count) {
			gathering.waits = group_waits_create(&gathering.kinds);
			gathering.sources = sources_look_create(&gathering.kinds);
		}
		gathering_look_through(&gathering);
	}
	group_waits_destroy(gathering.waits);
	sources_look_destroy(gathering.sources);
	take_groups(&gathering);
	if (*trace->old_tokio)
		tasks->problem = old_tokio_words(space, trace);
	if (gathering.kinds.problem)
		tasks->problem = gathering.kinds.problem;
	task_kinds_deinit(&gathering.kinds);
}

/*
 * Findings of tasks that can never run again: read from the process, or from what `yieldsan run`
 * saw last of one that has ended.
 */
#include "collect_stuck.h"

#include <inttypes.h>
#include <string.h>

#include "collect_python.h"
#include "collection.h"
#include "inspect/known_layouts.h"
#include "inspect/stuck_find.h"
#include "inspect/task_type.h"
#include "judgement/report/lock.h"
#include "report/frames/layout_source.h"
#include "report/tasks/task_chain.h"
#include "report/wording/quantity.h"
#include "shared/text.h"

#define MOST_NAMED 3

/* A task of a record, with the layout of its file. */
struct member {
	const struct trace_stuck_task *task;
	struct layout_source source;
	const char *name;
	struct stack awaits; /* from the task inwards */
};

static bool stuck_layout_source(struct collection *collection, const struct trace_stuck_task *task,
				struct layout_source *source)
{
	struct loaded_module *module =
		address_space_module(&collection->space, task->poll, collection->trace->read_ns);

	*source = (struct layout_source){
		.session = collection->report->session,
		.layout = module ? known_layout_of(collection->report->session, module) : NULL,
		.path = module ? module->path : NULL,
		.build_id = module ? module->build_id : NULL,
		.ownership = collection->process->ownership,
	};
	if (!source->layout ||
	    !known_layout_fits(source->layout, task->layout_version, task->layout_count,
			       task->links, task->awaits, TRACE_STUCK_AWAITS))
		return false;
	return task->held == UINT32_MAX ||
	       (task->held < task->layout_count &&
		task->held_machine < layout_count(source->layout, LAYOUT_MACHINES) &&
		task->held_state < layout_count(source->layout, LAYOUT_STATES));
}

static const char *member_name(struct collection *collection, const struct member *member)
{
	struct strings *strings = &collection->report->session->strings;
	const struct layout *layout = member->source.layout;
	const char *type = task_type_of_machine(
		strings,
		layout_text(layout, layout->machines[member->task->links[0].machine].type));

	if (!member->task->task)
		return strings_print(strings, "the future of block_on (%s)", type);
	return task_type_name(&collection->space, member->task->poll);
}

static bool find_member(struct collection *collection, const struct trace_stuck_task *task,
			struct member *member)
{
	struct layout_link links[TRACE_STUCK_AWAITS];

	member->task = task;
	if (!stuck_layout_source(collection, task, &member->source))
		return false;
	for (uint32_t i = 0; i < task->awaits; i++)
		links[i] = (struct layout_link){ task->links[i].machine, task->links[i].state, 0 };
	member->awaits = task_chain_frames(&member->source, links, task->awaits);
	member->name = member_name(collection, member);
	return true;
}

static const char *wait_words(const struct trace_stuck_task *task)
{
	static const char *const words[] = {
		[STUCK_WAITS_FOR_NOTHING] = "nothing",
		[STUCK_WAITS_FOR_LOCK] = "a lock",
		[STUCK_WAITS_FOR_PERMIT] = "a permit",
		[STUCK_WAITS_FOR_TASK] = "the end of a task",
		[STUCK_WAITS_FOR_MESSAGE] = "a message",
		[STUCK_WAITS_FOR_ROOM] = "room in a channel",
		[STUCK_WAITS_FOR_ONESHOT] = "a value of a oneshot channel",
	};

	return words[task->wait];
}

/* "a lock at 0x7f.., task app::ship" */
static const char *waiting_words(struct strings *strings, const struct member *members,
				 const struct member *member)
{
	const struct trace_stuck_task *task = member->task;
	const char *what = wait_words(task);

	if (task->wait == STUCK_WAITS_FOR_NOTHING)
		return strings_print(strings, "nothing, as it has no waker, task %s", member->name);
	if (task->joined != UINT32_MAX)
		what = strings_print(strings, "the end of %s", members[task->joined].name);
	else
		what = strings_print(strings, "%s at 0x%" PRIx64, what, task->object);
	if (task->waits > 1)
		what = strings_print(strings, "%s and %" PRIu32 " more", what, task->waits - 1);
	return strings_print(strings, "%s, %s%s", what, task->task ? "task " : "", member->name);
}

/* Innermost first, as other stacks. */
static struct stack inside_out(struct session *session, const struct stack *awaits)
{
	struct stack stack = { .count = awaits->count };

	stack.frames = obstack_alloc(&session->memory, (awaits->count + 1) * sizeof *stack.frames);
	for (size_t i = 0; i < awaits->count; i++)
		stack.frames[i] = awaits->frames[awaits->count - 1 - i];
	stack_find_places(&stack);
	return stack;
}

static uint64_t waits_ns(const struct trace_stuck *record, const struct trace_stuck_task *task)
{
	return task->polled_ns && record->seen_ns > task->polled_ns
		       ? record->seen_ns - task->polled_ns
		       : 0;
}

/* Where the task waits, and what it has that another one waits for. */
static size_t take_stacks(struct collection *collection, const struct trace_stuck *record,
			  const struct member *members, const struct member *member,
			  struct finding_stack *stacks)
{
	struct session *session = collection->report->session;
	const struct trace_stuck_task *task = member->task;
	const struct layout *layout = member->source.layout;
	const struct layout_value *value;
	const struct layout_state *state;
	bool is_declared;

	stacks[0] = (struct finding_stack){
		.role = ROLE_WAITING,
		.native = inside_out(session, &member->awaits),
		.lock = waiting_words(&session->strings, members, member),
		.since_ns = waits_ns(record, task),
	};
	if (task->held == UINT32_MAX)
		return 1;
	value = &layout->values[task->held];
	state = &layout->states[task->held_state];
	is_declared = value->line;
	stacks[1] = (struct finding_stack){
		.role = ROLE_HOLDING,
		.native =
			layout_source_stack(&member->source, &layout->machines[task->held_machine],
					    is_declared ? value->file : state->file,
					    is_declared ? value->line : state->line),
		.lock = strings_print(&session->strings, "%s (%s) at 0x%" PRIx64 ", %s%s",
				      layout_source_variable(&member->source, value),
				      layout_source_type(&member->source, value), task->held_object,
				      task->task ? "task " : "", member->name),
	};
	return 2;
}

static const char *more_words(struct strings *strings, const struct trace_stuck *record)
{
	uint64_t more = (uint64_t)record->tasks - record->ring + record->more;
	char count[64];

	if (!more)
		return "";
	return strings_print(strings, "; %s more wait%s for them", quantity_of(count, more, "task"),
			     more == 1 ? "s" : "");
}

static const char *describe_ring(struct strings *strings, const struct trace_stuck *record,
				 const struct member *members)
{
	const char *text;

	if (record->ring == 1)
		text = strings_print(strings,
				     "deadlock: %s%s waits for %s that only itself could give",
				     members[0].task->task ? "task " : "", members[0].name,
				     wait_words(members[0].task));
	else
		text = strings_print(
			strings, "deadlock: %" PRIu32 " tasks wait for each other:", record->ring);
	for (uint32_t i = 0; record->ring > 1 && i < record->ring && i < MOST_NAMED; i++)
		text = strings_print(strings, "%s%s %s for %s", text, i ? "," : "", members[i].name,
				     wait_words(members[i].task));
	if (record->ring > MOST_NAMED)
		text = strings_print(strings, "%s, and %" PRIu32 " more", text,
				     record->ring - MOST_NAMED);
	return strings_print(strings, "%s%s", text, more_words(strings, record));
}

/* What the innermost future of a task without a waker is. */
static struct lost_facts lost_facts_of(const struct trace_stuck *record,
				       const struct member *member)
{
	const struct layout *layout = member->source.layout;
	const struct trace_await *last = &member->task->links[member->task->awaits - 1];
	const struct layout_value *leaf = layout_leaf(layout, &layout->states[last->state]);
	const char *type = leaf ? layout_text(layout, leaf->type) : "";
	const struct stack *awaits = &member->awaits;

	return (struct lost_facts){
		.is_waited_for = record->flags & STUCK_JOINED_BY_SET,
		.has_handle = record->flags & STUCK_HAS_HANDLE,
		.never_completes = text_begins(type, "core::future::pending::Pending<") ||
				   text_begins(type, "futures_util::future::pending::Pending<") ||
				   strstr(type, "::Fuse<"),
		.is_own = awaits->count && awaits->frames[awaits->count - 1].owner == OWNER_PROGRAM,
	};
}

static void stuck_set_executor(struct collection *collection, struct finding *seen)
{
	const struct trace_file *trace = collection->trace;

	for (size_t i = 0; i < trace->records[RECORD_EXECUTOR].count; i++) {
		const struct trace_executor *executor =
			collection_record(collection, RECORD_EXECUTOR, i);

		if (executor->family == FAMILY_TOKIO &&
		    collection_executor(collection, executor, seen))
			return;
	}
}

static void stuck_add_finding(struct collection *collection, const struct trace_stuck *record,
			      const struct member *members)
{
	struct strings *strings = &collection->report->session->strings;
	struct finding_stack stacks[2 * TRACE_STUCK_TASKS];
	uint32_t shown = record->kind == STUCK_RING ? record->ring : record->tasks;
	struct finding seen = {
		.kind = record->kind == STUCK_RING ? KIND_DEADLOCK : KIND_LOST_WAKEUP,
		.count = 1,
		.running = collection->trace->running,
		.in_progress = true,
		.stacks = stacks,
		.task = members[0].name,
		.awaits = members[0].awaits,
	};

	stuck_set_executor(collection, &seen);
	if (!seen.executor)
		return;
	for (uint32_t i = 0; i < shown; i++)
		seen.stack_count += take_stacks(collection, record, members, &members[i],
						&stacks[seen.stack_count]);
	if (record->kind == STUCK_RING) {
		struct verdict verdict = deadlock_judge(false);

		seen.category = "task";
		seen.what = describe_ring(strings, record, members);
		finding_take(&seen, verdict);
	} else {
		struct lost_facts facts = lost_facts_of(record, &members[0]);

		finding_take(&seen, lost_judge(&facts));
	}
	for (uint32_t i = 0; i < record->tasks; i++)
		if (waits_ns(record, members[i].task) > seen.progress_ns)
			seen.progress_ns = waits_ns(record, members[i].task);
	seen.total_ns = seen.max_ns = seen.progress_ns;
	seen.last_ns = collection_since_start(collection, record->seen_ns);
	seen.first_ns = seen.last_ns > seen.total_ns ? seen.last_ns - seen.total_ns : 0;
	collection_add(collection, &seen);
}

static void stuck_observe(struct collection *collection, const struct trace_stuck *record)
{
	const struct trace_stuck_task *tasks = (const void *)(record + 1);
	struct member members[TRACE_STUCK_TASKS];

	/* The trace may be damaged. */
	if (!record->tasks || record->tasks > TRACE_STUCK_TASKS || record->ring > record->tasks)
		return;
	for (uint32_t i = 0; i < TRACE_STUCK_TASKS; i++)
		members[i] = (struct member){ .task = tasks, .name = "" };
	for (uint32_t i = 0; i < record->tasks; i++)
		if (!tasks[i].awaits || !find_member(collection, &tasks[i], &members[i]) ||
		    (tasks[i].joined != UINT32_MAX && tasks[i].joined >= record->tasks))
			return;
	if (record->kind == STUCK_RING && !record->ring)
		return;
	stuck_add_finding(collection, record, members);
}

/* A program without tasks may have a root future. */
static bool collection_has_tokio(const struct collection *collection)
{
	const struct trace_file *trace = collection->trace;

	for (size_t i = 0; i < trace->records[RECORD_EXECUTOR].count; i++) {
		const struct trace_executor *executor =
			collection_record(collection, RECORD_EXECUTOR, i);

		if (executor->family == FAMILY_TOKIO)
			return true;
	}
	return trace->records[RECORD_TASKS].count;
}

void collect_stuck(struct collection *collection)
{
	const struct trace_file *trace = collection->trace;
	struct stuck_records records = { 0 };

	if (collection->report->live)
		return;
	if (trace_file_has_memory(trace) && collection_has_tokio(collection))
		stuck_find(&collection->space, collection->process->trace_path, &records);
	for (size_t i = 0; i < records.count; i++)
		stuck_observe(collection, (const void *)records.items[i]);
	for (size_t i = 0; !trace->running && i < trace->records[RECORD_STUCK].count; i++)
		stuck_observe(collection, collection_record(collection, RECORD_STUCK, i));
	stuck_records_deinit(&records);
}

void collect_stuck_alone(struct report *report, const struct process *process,
			 const struct trace_file *trace, const struct stuck_records *records)
{
	struct collection collection = { .report = report, .process = process, .trace = trace };

	address_space_init(&collection.space, report->session, trace);
	for (size_t i = 0; i < records->count; i++)
		if (records->items[i]->type == RECORD_STUCK)
			stuck_observe(&collection, (const void *)records->items[i]);
		else
			collect_python_ring(&collection, (const void *)records->items[i]);
	address_space_deinit(&collection.space);
}

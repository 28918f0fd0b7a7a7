/* Findings of cancelled tasks: where they were cancelled, and what they held. */
#include <string.h>

#include "collection.h"
#include "judgement/report/lock.h"
#include "inspect/known_layouts.h"
#include "report/frames/layout_source.h"
#include "report/tasks/task_chain.h"
#include "inspect/task_type.h"

enum begun { BEGUN_UNKNOWN, BEGUN_NOT, BEGUN };

/* How the task was cancelled, and whether it had started. */
static const char *const ways[][3] = {
	[CANCEL_ABORTED] = { "aborted", "aborted before it began", "aborted while it waits" },
	[CANCEL_SHUT_DOWN] = { "shut down with its runtime",
			       "shut down with its runtime before it began",
			       "shut down with its runtime while it waits" },
	[CANCEL_DROPPED] = { "dropped", "dropped before it began", "dropped while it waits" },
};

/* In the order of a stack: innermost first. */
static struct stack chain_reversed(struct report *report, const struct stack *chain)
{
	struct stack stack = { .count = chain->count };

	stack.frames = obstack_alloc(&report->memory, (chain->count + 1) * sizeof *stack.frames);
	for (size_t i = 0; i < chain->count; i++)
		stack.frames[i] = chain->frames[chain->count - 1 - i];
	stack_find_places(&stack);
	return stack;
}

/* The guard that the task certainly held; NULL if none or in doubt. */
static const struct layout_value *guard_of(struct collection *collection,
					   const struct layout *layout,
					   const struct trace_cancel_site *site)
{
	const struct trace_guard_site *guard =
		trace_file_record(collection->trace, site->guard, RECORD_GUARD_SITE);

	if (!guard || guard->flags || guard->layout_version != LAYOUT_VERSION ||
	    guard->layout_count != layout_count(layout, LAYOUT_VALUES) ||
	    guard->value >= guard->layout_count)
		return NULL;
	return &layout->values[guard->value];
}

/*
 * Resources that tasks leave behind, as kind_cancelled_holding.c knows them, and the types of the
 * variables through which a cancelled task still owned one. Without such a variable the resource
 * may have been handed on, or opened on purpose for all tasks by the first that needed it; its
 * owner cannot be seen. Empty for a descriptor (a type of std would have closed it), a number or a
 * bare pointer.
 */
static const struct {
	const char *what, *category, *types[3];
} things[] = {
	[LEFT_DESCRIPTOR] = { "descriptor", "file", { NULL } },
	[LEFT_CHILD] = { "child process", "process", { "Child" } },
	[LEFT_FILE] = { "temporary file", "file", { "PathBuf", "File", "TempPath" } },
};

static bool alive_had(const struct alive *alive, uint32_t kind)
{
	const char *const *types = things[kind].types;

	for (int i = 0; i < 3 && types[i]; i++)
		if (alive_has(alive, types[i]))
			return true;
	return !types[0] && alive->by_hand;
}

/* The crate removes its files on drop: a file that still exists was kept on purpose. */
static bool is_made_by_tempfile(const struct stack *made)
{
	for (size_t i = 0; i < made->count; i++)
		if (made->frames[i].package && !strcmp(made->frames[i].package, "tempfile"))
			return true;
	return false;
}

/* Reports resources that such tasks made and that have been neither closed nor used since. */
static void observe_left(struct collection *collection, const struct trace_cancel_site *site,
			 const struct finding *cancelled)
{
	const struct trace_file *trace = collection->trace;

	for (size_t i = 0; i < trace->records[RECORD_LEFT_SITE].count; i++) {
		const struct trace_left_site *left =
			collection_record(collection, RECORD_LEFT_SITE, i);
		struct finding_stack stacks[2] = { { .role = ROLE_ACQUIRED },
						   cancelled->stacks[0] };
		struct finding seen = *cancelled;
		bool on_purpose;

		if (trace_file_record(trace, left->cancelled, RECORD_CANCEL_SITE) != site ||
		    !left->open || !left->opened || left->kind >= sizeof things / sizeof *things)
			continue;
		collection_stack(collection, left->opened, left->first_ns, &stacks[0]);
		seen.kind = KIND_CANCELLED_HOLDING;
		on_purpose = !alive_had(&cancelled->alive, left->kind) ||
			     is_made_by_tempfile(&stacks[0].native);
		seen.confidence = on_purpose ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM;
		finding_take(&seen, left_behind_judge(on_purpose));
		seen.category = things[left->kind].category;
		seen.what = things[left->kind].what;
		seen.count = left->open;
		seen.first_ns = collection_since_start(collection, left->first_ns);
		seen.last_ns = collection_since_start(collection, left->last_ns);
		seen.stacks = stacks;
		seen.stack_count = 2;
		collection_add(collection, &seen);
	}
}

static void cancelled_observe(struct collection *collection, const struct trace_cancel_site *site)
{
	struct report *report = collection->report;
	const struct trace_executor *executor =
		trace_file_record(collection->trace, site->executor, RECORD_EXECUTOR);
	struct loaded_module *module =
		address_space_module(&collection->space, site->poll, site->first_ns);
	const struct layout *layout =
		module && site->depth ? known_layout_of(report->session, module) : NULL;
	const struct layout_source source = {
		.session = report->session,
		.layout = layout,
		.path = module ? module->path : NULL,
		.build_id = module ? module->build_id : NULL,
		.ownership = collection->process->ownership,
	};
	const struct layout_value *guard = NULL;
	uint64_t poll = site->poll + 1;
	struct finding_stack stack = { .role = ROLE_YIELDED };
	enum begun begun = BEGUN_UNKNOWN;
	struct finding seen = {
		.kind = KIND_CANCELLED_TASK,
		.count = site->count,
		.first_ns = collection_since_start(collection, site->first_ns),
		.last_ns = collection_since_start(collection, site->last_ns),
		.stacks = &stack,
		.stack_count = 1,
	};

	if (!site->count || !site->how || site->how >= sizeof ways / sizeof *ways || !executor ||
	    !collection_executor(collection, executor, &seen))
		return;
	seen.task = task_type_name(&collection->space, site->poll);
	seen.thread =
		strings_keep_part(&report->session->strings, site->thread, sizeof site->thread);
	if (layout && known_layout_fits(layout, site->layout_version, site->layout_count,
					site->links, site->depth, TRACE_GUARD_LINKS)) {
		struct layout_link links[TRACE_GUARD_LINKS];

		for (uint32_t i = 0; i < site->depth; i++)
			links[i] = (struct layout_link){ site->links[i].machine,
							 site->links[i].state, 0 };
		seen.awaits = task_chain_frames(&source, links, site->depth);
		seen.alive = alive_in(&source, links, site->depth);
		stack.native = chain_reversed(report, &seen.awaits);
		begun = layout->states[links[0].state].value >= LAYOUT_FIRST_WAIT ? BEGUN
										  : BEGUN_NOT;
		guard = guard_of(collection, layout, site);
	} else {
		stack.native = stack_native(&collection->space, collection->process->ownership,
					    &poll, 1, site->first_ns);
	}
	finding_take(&seen, cancelled_judge());
	seen.what = ways[site->how][begun];
	seen.category = site->how == CANCEL_DROPPED ? "future" : NULL;
	if (guard) {
		const struct trace_guard_site *held =
			trace_file_record(collection->trace, site->guard, RECORD_GUARD_SITE);

		/* The function that holds it, not the future that it awaits. */
		if (held->depth && held->depth <= stack.native.count)
			stack.native.place = stack.native.id_place =
				stack.native.count - held->depth;
		seen.kind = KIND_CANCELLED_HOLDING;
		finding_take(&seen, guard_judge(false));
		seen.category = "lock";
		seen.what = layout_source_type(&source, guard);
		seen.variable = layout_source_variable(&source, guard);
	}
	collection_add(collection, &seen);
	if (seen.kind == KIND_CANCELLED_TASK)
		observe_left(collection, site, &seen);
}

static bool frame_names_part(const struct frame *frame, const char *part)
{
	return frame->function && strstr(frame->function, part);
}

/*
 * Whether the stack drops tokio's Child together with a future around it; a drop asks for the
 * child's state. A plain drop may be meant to let the child continue.
 */
static bool is_drop_of_child(const struct stack *asked, bool *of_future)
{
	bool drops = false;

	*of_future = false;
	for (size_t i = 0; i < asked->count && !asked->frames[i].turn_boundary; i++) {
		const struct frame *frame = &asked->frames[i];

		if (frame_names_part(frame, "Reaper") && frame_names_part(frame, "Drop") &&
		    frame_names_part(frame, "drop"))
			drops = true;
		if (drops && frame_names_part(frame, "drop_in_place") &&
		    (frame_names_part(frame, "{async_") || frame_names_part(frame, "{{closure}}") ||
		     frame_names_part(frame, "Timeout<")))
			*of_future = true;
	}
	return drops;
}

/* A child process that a timeout, select! or a drop left behind in a task that continued. */
static void observe_dropped(struct collection *collection, const struct trace_left_site *left)
{
	const struct trace_executor *executor =
		trace_file_record(collection->trace, left->executor, RECORD_EXECUTOR);
	struct finding_stack stacks[2] = { { .role = ROLE_ACQUIRED }, { .role = ROLE_YIELDED } };
	struct finding seen = {
		.kind = KIND_CANCELLED_HOLDING,
		.category = things[LEFT_CHILD].category,
		.what = "dropped child process",
		.count = left->open,
		.first_ns = collection_since_start(collection, left->first_ns),
		.last_ns = collection_since_start(collection, left->last_ns),
		.stacks = stacks,
		.stack_count = 2,
	};
	bool of_future;

	if (!left->open || !left->opened || !left->dropped || !executor ||
	    !collection_executor(collection, executor, &seen))
		return;
	collection_stack(collection, left->opened, left->first_ns, &stacks[0]);
	collection_stack(collection, left->dropped, left->last_ns, &stacks[1]);
	if (!is_drop_of_child(&stacks[1].native, &of_future))
		return;
	seen.task = task_type_name(&collection->space, left->poll);
	seen.confidence = of_future ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
	finding_take(&seen, left_behind_judge(!of_future));
	collection_add(collection, &seen);
}

void collect_cancelled(struct collection *collection)
{
	for (size_t i = 0; i < collection->trace->records[RECORD_LEFT_SITE].count; i++)
		observe_dropped(collection, collection_take(collection, RECORD_LEFT_SITE, i));
	for (size_t i = 0; i < collection->trace->records[RECORD_CANCEL_SITE].count; i++)
		cancelled_observe(collection, collection_take(collection, RECORD_CANCEL_SITE, i));
}

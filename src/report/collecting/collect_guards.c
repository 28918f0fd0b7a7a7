/* Findings of guards and borrows that suspended tasks held. */
#include <string.h>

#include "collection.h"
#include "judgement/limits.h"
#include "judgement/report/lock.h"
#include "contract/layout.h"
#include "inspect/known_layouts.h"
#include "report/frames/layout_source.h"
#include "inspect/task_type.h"

/* One sample that found the lock unlocked refutes all: the other samples saw
 * another thread's lock. */
static bool guard_is_refuted(struct collection *collection, const struct trace_guard_site *site,
			     const struct loaded_module *module)
{
	for (size_t i = 0; i < collection->trace->records[RECORD_GUARD_SITE].count; i++) {
		const struct trace_guard_site *other =
			collection_record(collection, RECORD_GUARD_SITE, i);

		if (other->flags & GUARD_REFUTED && other->value == site->value &&
		    address_space_module(&collection->space, other->poll, other->first_ns) ==
			    module)
			return true;
	}
	return false;
}

static struct stack guard_site_chain(struct collection *collection,
				     const struct layout_source *source,
				     const struct trace_guard_site *site)
{
	struct frame *frames =
		obstack_alloc(&collection->report->memory, site->depth * sizeof *frames);

	for (uint32_t i = 0; i < site->depth; i++)
		frames[i] =
			layout_source_frame(source, site->links[i].machine, site->links[i].state);
	return (struct stack){ .frames = frames, .count = site->depth };
}

static void set_stacks(const struct layout_source *source, const struct trace_guard_site *site,
		       struct finding *seen)
{
	const struct layout *layout = source->layout;
	const struct layout_value *value = &layout->values[site->value];
	uint32_t last = site->depth - 1;
	const struct layout_machine *machine = &layout->machines[site->links[last].machine];
	const struct layout_state *state = &layout->states[site->links[last].state];

	seen->stacks[0] = (struct finding_stack){
		.role = ROLE_YIELDED,
		.native = layout_source_stack(source, machine, state->file, state->line),
	};
	seen->stack_count = 1;
	if (!value->line)
		return;
	seen->stacks[1] = (struct finding_stack){
		.role = ROLE_ACQUIRED,
		.native = layout_source_stack(source, machine, value->file, value->line),
	};
	seen->stack_count = 2;
}

/* The layout's places stay valid afterwards. */
static bool guard_layout_source(struct collection *collection, const struct trace_guard_site *site,
				struct layout_source *source)
{
	struct loaded_module *module =
		address_space_module(&collection->space, site->poll, site->first_ns);

	*source = (struct layout_source){
		.session = collection->report->session,
		.layout = module ? known_layout_of(collection->report->session, module) : NULL,
		.path = module ? module->path : NULL,
		.build_id = module ? module->build_id : NULL,
		.ownership = collection->process->ownership,
	};
	return source->layout &&
	       known_layout_fits(source->layout, site->layout_version, site->layout_count,
				 site->links, site->depth, TRACE_GUARD_LINKS) &&
	       site->value < site->layout_count && !guard_is_refuted(collection, site, module);
}

bool collection_guard(struct collection *collection, uint32_t offset, struct finding_stack *stack,
		      const char **words)
{
	const struct trace_guard_site *site =
		trace_file_record(collection->trace, offset, RECORD_GUARD_SITE);
	struct strings *strings = &collection->report->session->strings;
	const struct layout_value *value;
	struct finding_stack stacks[2];
	struct finding seen = { .stacks = stacks };
	struct layout_source source;

	if (!site || !guard_layout_source(collection, site, &source))
		return false;
	value = &source.layout->values[site->value];
	set_stacks(&source, site, &seen);
	stack->native = stacks[0].native;
	*words = strings_print(strings, "%s, a %s, of a suspended task",
			       layout_source_variable(&source, value),
			       layout_source_type(&source, value));
	return true;
}

/* If the type says only that it is a future, use the outermost known type. */
static const char *guard_site_task(struct collection *collection,
				   const struct layout_source *source,
				   const struct trace_guard_site *site)
{
	const char *name = task_type_name(&collection->space, site->poll);
	const struct layout *layout = source->layout;

	if (!site->depth || !strstr(name, "dyn core::future::future::Future<"))
		return name;
	return task_type_of_machine(
		&collection->report->session->strings,
		layout_text(layout, layout->machines[site->links[0].machine].type));
}

void collection_add_guard(struct collection *collection, const struct trace_guard_site *site)
{
	const struct trace_executor *executor =
		trace_file_record(collection->trace, site->executor, RECORD_EXECUTOR);
	const struct layout_value *value;
	struct finding_stack stacks[2];
	struct finding seen = {
		.kind = KIND_LOCK_ACROSS_YIELD,
		.category = "lock",
		.count = site->yields,
		.yields = site->yields,
		.waiters = site->waiters,
		.total_ns = site->total_ns,
		.max_ns = site->max_ns,
		.first_ns = collection_since_start(collection, site->first_ns),
		.last_ns = collection_since_start(collection, site->last_ns),
		.in_progress = site->open != 0,
		.running = collection->trace->running,
		.stacks = stacks,
	};
	struct layout_source source;

	if (!executor || !site->yields || !collection_executor(collection, executor, &seen) ||
	    !guard_layout_source(collection, site, &source))
		return;
	if (seen.in_progress) { /* and since the last look */
		seen.progress_ns = collection_elapsed(collection, site->open_since_ns);
		seen.total_ns += collection_elapsed(collection, site->last_ns);
		if (seen.progress_ns > seen.max_ns)
			seen.max_ns = seen.progress_ns;
		if (seen.total_ns < seen.max_ns)
			seen.total_ns = seen.max_ns;
	}
	if (site->flags & GUARD_UNSURE) {
		if (site->yields < LIMIT_UNSURE_GUARD_YIELDS)
			return;
		seen.confidence = CONFIDENCE_LOW;
	}
	finding_take(&seen, guard_judge(site->flags & GUARD_UNSURE));
	value = &source.layout->values[site->value];
	if (value->class == HELD_BORROW)
		seen.kind = KIND_BORROW_ACROSS_YIELD;
	seen.thread = strings_keep_part(&collection->report->session->strings, site->thread,
					sizeof site->thread);
	seen.task = guard_site_task(collection, &source, site);
	seen.what = layout_source_type(&source, value);
	seen.variable = layout_source_variable(&source, value);
	seen.awaits = guard_site_chain(collection, &source, site);
	set_stacks(&source, site, &seen);
	collection_add(collection, &seen);
}

static const char *why_blind(const struct layout *layout)
{
	if (!layout)
		return "is not there: build it with debuginfo=2 (cargo's dev profile, or "
		       "`debug = 2' in the profile), and do not strip it";
	if (!layout_count(layout, LAYOUT_MACHINES))
		return "has lines and no types: build it with debuginfo=2 (`debug = 2' in the "
		       "profile)";
	return "had not been read when it started: the next run reports it";
}

static void note_without_layout(struct collection *collection, const struct loaded_module *module)
{
	struct report *report = collection->report;
	struct missing_module *without_layout = report->session->without_layout;

	while (without_layout && without_layout->path != module->path)
		without_layout = without_layout->next;
	if (without_layout)
		return;
	without_layout = obstack_alloc(&report->memory, sizeof *without_layout);
	*without_layout = (struct missing_module){
		.next = report->session->without_layout,
		.path = module->path,
		.problem = why_blind(known_layout_of(report->session, module)),
	};
	report->session->without_layout = without_layout;
}

/* One sentence for each file whose tasks were polled but not examined. */
static void note_modules_without_layout(struct collection *collection)
{
	const struct trace_file *trace = collection->trace;

	for (size_t i = 0; i < trace->records[RECORD_TASK_TYPE].count; i++) {
		const struct trace_task_type *type =
			collection_record(collection, RECORD_TASK_TYPE, i);
		const struct loaded_module *module = address_space_module(
			&collection->space, type->poll, trace->header->start_monotonic_ns);
		const struct trace_executor *executor =
			trace_file_record(trace, type->executor, RECORD_EXECUTOR);

		if (module && (!executor || executor->family == FAMILY_TOKIO))
			note_without_layout(collection, module);
	}
}

void collect_guards(struct collection *collection)
{
	if (collection->trace->header->flags & TRACE_NO_LAYOUT && !collection->report->live)
		note_modules_without_layout(collection);
	for (size_t i = 0; i < collection->trace->records[RECORD_GUARD_SITE].count; i++)
		collection_add_guard(collection, collection_take(collection, RECORD_GUARD_SITE, i));
}

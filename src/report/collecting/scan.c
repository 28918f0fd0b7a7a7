#include "scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "judgement/report/lock.h"
#include "report/frames/layout_source.h"
#include "report/model/findings.h"
#include "report/frames/ownership.h"
#include "report/model/model.h"
#include "report/wording/quantity.h"
#include "shared/arch/arch.h"

#define TOKIO_SCHEDULERS 5
#define TOKIO_BITS	 ((1 << TOKIO_SCHEDULERS) - 1)
#define SCHEDULERS	 8
#define SCHEDULER_LOCAL	 2

/* Who creates a task: the library, the scheduler's type, and the runtime in words. The first match
 * wins. */
static const struct {
	uint32_t library; /* of enum layout_task_flags; 0: Tokio */
	const char *type, *words;
} schedulers[SCHEDULERS] = {
	{ 0, "multi_thread", "a multi_thread tokio runtime" },
	{ 0, "current_thread", "a current_thread tokio runtime" },
	{ 0, "task::local::", "a tokio LocalSet" },
	{ 0, "blocking", "tokio's blocking pool" },
	{ 0, "", "a tokio runtime" },
	{ TASK_ASYNC_TASK, "async_executor::", "an executor of async-executor (smol, async-std)" },
	{ TASK_ASYNC_TASK, "blocking::", "the threads of the blocking crate" },
	{ TASK_ASYNC_TASK, "", "an executor built on async-task" },
};

/* The finding that each class makes; FINDING_KINDS_COUNT: none. */
static const struct {
	enum finding_kind kind;
	enum held_kind held;
} classes[] = {
	[HELD_NOTHING] = { FINDING_KINDS_COUNT, HELD_KINDS },
	[HELD_LOCK] = { KIND_LOCK_ACROSS_YIELD, HELD_KIND_LOCK },
	[HELD_ASYNC_LOCK] = { KIND_LOCK_ACROSS_YIELD, HELD_KIND_ASYNC_LOCK },
	[HELD_BORROW] = { KIND_BORROW_ACROSS_YIELD, HELD_KIND_BORROW },
	[HELD_NON_SEND] = { KIND_NON_SEND_ACROSS_YIELD, HELD_KIND_NON_SEND },
	[HELD_FUTURE] = { FINDING_KINDS_COUNT, HELD_KINDS },
	[HELD_END] = { FINDING_KINDS_COUNT, HELD_KINDS },
	[HELD_OTHER] = { FINDING_KINDS_COUNT, HELD_KINDS },
};

#define CLASSES (sizeof classes / sizeof *classes)

struct scan {
	struct report *report;
	const struct scan_options *options;
	const struct layout *layout;
	struct layout_source source;
	uint32_t *tasks;  /* by machine: the first task in which it runs, or LAYOUT_NONE */
	uint8_t *spawned; /* a bit for each scheduler that spawns it */
};

/* Whether it is the only value of its class in the state. */
static bool is_only_one(const struct layout_state *state, const struct layout_value *value,
			const struct layout *layout)
{
	uint32_t alike = 0;

	for (uint32_t i = 0; i < state->value_count; i++)
		alike += layout->values[state->first_value + i].class == value->class;
	return alike == 1;
}

/* A value that only may be alive weighs less: it lies in an enum variant or a union, or shares
 * storage with another local. */
static void scan_judge_value(const struct layout_state *state, const struct layout_value *value,
			     const struct layout *layout, struct finding *seen)
{
	bool maybe = value->flags & (VALUE_IN_VARIANT | VALUE_IN_UNION) ||
		     value->sequence != LAYOUT_NONE; /* the sequence may be empty */

	for (uint32_t i = 0; i < state->value_count; i++)
		maybe |= !(value->flags & VALUE_ALIVE) &&
			 layout->values[state->first_value + i].flags & VALUE_DROP_FLAG;
	finding_take(seen, held_judge(classes[value->class].held, true));
	seen->confidence = maybe ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
	if (value->class == HELD_NON_SEND || value->flags & VALUE_DROPS ||
	    (value->flags & VALUE_DROPS_ONE && is_only_one(state, value, layout)))
		return;
	/* No drop glue shows whether it is dropped earlier. */
	seen->confidence = maybe ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM;
	finding_take(seen, held_judge(classes[value->class].held, false));
}

/*
 * A coroutine's code shows what it destroys. Lower the confidence for guards that can be released
 * early, were split by the optimiser, or belong to a generator (its consumer drives it).
 */
static void judge_coroutine(const struct layout_machine *machine, const struct layout_value *value,
			    struct finding *seen)
{
	seen->confidence = CONFIDENCE_HIGH;
	if (value->flags & VALUE_DROPS_ONE)
		seen->confidence = CONFIDENCE_MEDIUM;
	if (!(value->flags & VALUE_DROPS) || value->flags & VALUE_IN_UNION)
		seen->confidence = CONFIDENCE_LOW;
	finding_take(seen, held_judge(classes[value->class].held,
				      seen->confidence == CONFIDENCE_HIGH &&
					      machine->language != LAYOUT_CPP_GENERATOR));
}

/* tokio::spawn is compiled for both runtimes, spawn_local for LocalSet and LocalRuntime. */
static const char *words_of(uint8_t spawned)
{
	uint8_t tokio = spawned & TOKIO_BITS;
	int which = 0;

	if (tokio & 1 << SCHEDULER_LOCAL)
		return schedulers[SCHEDULER_LOCAL].words;
	if (tokio & (tokio - 1))
		return schedulers[TOKIO_SCHEDULERS - 1].words;
	while (!(spawned & 1 << which))
		which++;
	return schedulers[which].words;
}

static void set_known(struct finding *seen, enum executor_id id)
{
	seen->executor_id = id;
	seen->family = executor_infos[id].family;
	seen->executor = executor_infos[id].name;
}

static void scan_set_executor(const struct scan *scan, uint32_t machine, struct finding *seen)
{
	const struct layout *layout = scan->layout;
	uint32_t libraries = layout->header->flags & (LAYOUT_HAS_TOKIO | LAYOUT_HAS_ASYNC_TASK);
	uint8_t spawned = scan->spawned[machine];

	if (spawned)
		libraries = spawned & TOKIO_BITS ? LAYOUT_HAS_TOKIO : LAYOUT_HAS_ASYNC_TASK;
	seen->executor = "unknown";
	if (layout->machines[machine].language != LAYOUT_RUST) {
		set_known(seen, EXECUTOR_coroutine);
		seen->executor = "C++20 coroutine";
		return;
	}
	if (libraries == LAYOUT_HAS_ASYNC_TASK) {
		set_known(seen, EXECUTOR_async_task);
	} else if (libraries) {
		set_known(seen, EXECUTOR_tokio);
	}
	if (scan->tasks[machine] == LAYOUT_NONE)
		return;
	seen->spawned_on = words_of(spawned);
	seen->task = strings_keep(&scan->report->session->strings,
				  layout_text(layout, layout->tasks[scan->tasks[machine]].type));
}

static void scan_add_value(const struct scan *scan, uint32_t machine,
			   const struct layout_state *state, const struct layout_value *value,
			   const struct finding *judged)
{
	const struct layout *layout = scan->layout;
	const struct layout_machine *of = &layout->machines[machine];
	struct finding finding = *judged, *seen = &finding;
	struct finding_stack stacks[2] = {
		{ .role = ROLE_YIELDED },
		{ .role = ROLE_ACQUIRED },
	};

	scan_set_executor(scan, machine, seen);
	seen->count = 1;
	seen->what = layout_source_type(&scan->source, value);
	seen->variable = layout_source_variable(&scan->source, value);
	stacks[0].native = layout_source_stack(&scan->source, of, state->file, state->line);
	if (value->line)
		stacks[1].native = layout_source_stack(&scan->source, of, value->file, value->line);
	seen->stacks = stacks;
	seen->stack_count = value->line ? 2 : 1;
	finding_add(scan->report, seen, NULL);
}

static void scan_value(const struct scan *scan, uint32_t machine, const struct layout_state *state,
		       const struct layout_value *value)
{
	const struct layout_machine *of = &scan->layout->machines[machine];
	struct finding seen = { 0 };

	if (scan->options->large && !(value->flags & (VALUE_AWAITED | VALUE_DROPPED)) &&
	    value->size >= scan->options->large && value->box == LAYOUT_NONE) {
		seen = (struct finding){ .kind = KIND_LARGE_ACROSS_YIELD,
					 .confidence = CONFIDENCE_HIGH,
					 .bytes = value->size };
		finding_take(&seen, held_judge(HELD_KIND_LARGE, true));
		scan_add_value(scan, machine, state, value, &seen);
	}
	if (value->class >= CLASSES || classes[value->class].kind == FINDING_KINDS_COUNT ||
	    value->flags & VALUE_DROPPED)
		return;
	seen = (struct finding){ .kind = classes[value->class].kind };
	if (of->language == LAYOUT_RUST)
		scan_judge_value(state, value, scan->layout, &seen);
	else
		judge_coroutine(of, value, &seen);
	scan_add_value(scan, machine, state, value, &seen);
}

/* Reports the size of a spawned task: each stack that it passes through holds a copy of it. */
static void scan_task(const struct scan *scan, uint32_t number)
{
	const struct layout *layout = scan->layout;
	const struct layout_task *task = &layout->tasks[number];
	const struct layout_machine *machine =
		task->runs == LAYOUT_NONE ? NULL : &layout->machines[task->runs];
	struct finding_stack stack = { .role = ROLE_YIELDED };
	struct finding seen = {
		.kind = KIND_LARGE_ACROSS_YIELD,
		.confidence = CONFIDENCE_HIGH,
		.stacks = &stack,
		.stack_count = 1,
		.count = 1,
	};

	if (!scan->options->large || !machine || machine->size < scan->options->large)
		return;
	/* The same task may be compiled once for each scheduler. */
	for (uint32_t i = 0; i < number; i++)
		if (layout->tasks[i].runs == task->runs)
			return;
	scan_set_executor(scan, task->runs, &seen);
	seen.bytes = machine->size;
	seen.what =
		strings_keep(&scan->report->session->strings, layout_text(layout, machine->type));
	stack.native = layout_source_stack(&scan->source, machine, machine->file, machine->line);
	finding_take(&seen, held_judge(HELD_KIND_LARGE, true));
	finding_add(scan->report, &seen, NULL);
}

static uint8_t scheduler_of(const struct layout *layout, const struct layout_task *task)
{
	const char *type = layout_text(layout, task->scheduler);
	int which = 0;

	while (schedulers[which].library != (task->flags & TASK_ASYNC_TASK) ||
	       !strstr(type, schedulers[which].type))
		which++;
	return (uint8_t)(1 << which);
}

/* Marks all machines that run in a task: those that it awaits, recursively. */
static void scan_mark(const struct scan *scan, uint32_t machine, uint32_t task, uint8_t scheduler)
{
	const struct layout *layout = scan->layout;
	const struct layout_machine *at;

	if (machine == LAYOUT_NONE || scan->spawned[machine] & scheduler)
		return;
	if (scan->tasks[machine] == LAYOUT_NONE)
		scan->tasks[machine] = task;
	scan->spawned[machine] |= scheduler;
	at = &layout->machines[machine];
	for (uint32_t i = 0; i < at->state_count; i++) {
		const struct layout_state *state = &layout->states[at->first_state + i];

		for (uint32_t j = 0; j < state->value_count; j++)
			scan_mark(scan, layout->values[state->first_value + j].machine, task,
				  scheduler);
	}
}

static void scan_layout(struct scan *scan)
{
	const struct layout *layout = scan->layout;
	uint32_t machines = layout_count(layout, LAYOUT_MACHINES);

	scan->tasks = memory_get((machines + 1) * sizeof *scan->tasks);
	memset(scan->tasks, 0xff, (machines + 1) * sizeof *scan->tasks);
	scan->spawned = memory_get(machines + 1);
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_TASKS); i++)
		scan_mark(scan, layout->tasks[i].runs, i, scheduler_of(layout, &layout->tasks[i]));
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_TASKS); i++)
		scan_task(scan, i);
	for (uint32_t i = 0; i < machines; i++) {
		const struct layout_machine *machine = &layout->machines[i];

		if (machine->language == LAYOUT_WRAPPER)
			continue;
		scan->report->summary.machines++;
		for (uint32_t j = 0; j < machine->state_count; j++) {
			const struct layout_state *state =
				&layout->states[machine->first_state + j];

			scan->report->summary.awaits += state->value >= LAYOUT_FIRST_WAIT;
			for (uint32_t k = 0; k < state->value_count; k++)
				scan_value(scan, i, state, &layout->values[state->first_value + k]);
		}
	}
	free(scan->tasks);
	free(scan->spawned);
}

#define ABSENT                                                                                     \
	"debug information of it lies in .dwo or .dwp files that are not there or cannot be "      \
	"read: "                                                                                   \
	"keep the .dwo files, or the .dwp beside it, or build it with split-debuginfo=off"

static const char *nothing_in(const struct layout *layout)
{
	uint32_t flags = layout->header->flags;

	if (flags & LAYOUT_PARTS_ABSENT)
		return ABSENT;
	if (!(flags & (LAYOUT_HAS_RUST | LAYOUT_HAS_CPP)))
		return "no part of it was compiled by rustc or as C++: only Rust's async functions "
		       "and C++20's coroutines are described in debug information";
	if (flags & LAYOUT_HAS_RUST && !(flags & LAYOUT_HAS_TYPES))
		return "its debug information has lines and no types: build it with debuginfo=2 "
		       "(`debug = 2' in the profile)";
	if (flags & LAYOUT_HAS_CPP && !(flags & (LAYOUT_HAS_TYPES | LAYOUT_HAS_CPP_TYPES)))
		return "its debug information has lines and no types: build it with -g";
	if (flags & LAYOUT_HAS_COROUTINES)
		return "it has C++20 coroutines whose frames its debug information does not "
		       "describe: build it with -g, with clang unoptimised, and do not strip its "
		       "symbols";
	return flags & LAYOUT_HAS_CPP
		       ? "its debug information names no async function and no C++20 coroutine"
		       : "its debug information names no async function";
}

/* Reports which coroutines of a file cannot be analysed; 0 if all can. */
static int scan_describe_gaps(const struct layout *layout, const char *path,
			      char sentence[LAYOUT_SENTENCE_SIZE])
{
	char coroutines[64];
	uint64_t count = 0;

	if ((layout->header->flags & LAYOUT_OTHER_CODE) &&
	    (layout->header->flags & LAYOUT_HAS_RUST)) {
		snprintf(sentence, LAYOUT_SENTENCE_SIZE,
			 "%s is reported in part: the code is not of " ARCH_NAME
			 ", so guards that are "
			 "dropped "
			 "before an await are warnings too",
			 path);
		return 1;
	}
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_MACHINES); i++)
		count += layout->machines[i].untold;
	if (!count)
		return 0;
	snprintf(sentence, LAYOUT_SENTENCE_SIZE,
		 "%s: for %s it is not known what is held at every co_await: %s", path,
		 quantity_of(coroutines, count, "coroutine"),
		 layout->header->flags & LAYOUT_OTHER_CODE
			 ? "the code is not of " ARCH_NAME
			 : "the code is too long to follow, or is none that a compiler writes");
	return 1;
}

static void keep_scanned(struct report *report, const char *path)
{
	struct scanned_file **end = &report->scanned;

	while (*end)
		end = &(*end)->next;
	*end = obstack_alloc(&report->memory, sizeof **end);
	**end = (struct scanned_file){ .path = strings_keep(&report->session->strings, path) };
	report->summary.scanned++;
}

int scan_file(struct report *report, const char *path, const struct scan_options *options,
	      char sentence[LAYOUT_SENTENCE_SIZE])
{
	char build_id[2 * LAYOUT_BUILD_ID + 1] = "";
	struct layout layout;
	struct scan scan = { .report = report, .options = options, .layout = &layout };
	int error = layout_open(&layout, path, &options->held, sentence);

	if (error)
		return error;
	if (layout_count(&layout, LAYOUT_MACHINES)) {
		for (uint32_t i = 0; i < layout.header->build_id_size; i++)
			snprintf(build_id + 2 * i, 3, "%02x", layout.header->build_id[i]);
		path = strings_keep(&report->session->strings, path);
		scan.source = (struct layout_source){
			.session = report->session,
			.layout = &layout,
			.path = path,
			.build_id = *build_id ? strings_keep(&report->session->strings, build_id)
					      : NULL,
			.ownership = ownership_of(report->session, path, NULL, 0, NULL),
		};
		scan_layout(&scan);
		keep_scanned(report, path);
		error = scan_describe_gaps(&layout, path, sentence);
		if (layout.header->flags & LAYOUT_PARTS_ABSENT) {
			snprintf(sentence, LAYOUT_SENTENCE_SIZE, "%s is reported in part: " ABSENT,
				 path);
			error = 1;
		}
	} else {
		snprintf(sentence, LAYOUT_SENTENCE_SIZE, "nothing to scan in %s: %s", path,
			 nothing_in(&layout));
		error = layout.header->flags & (LAYOUT_HAS_TYPES | LAYOUT_HAS_CPP_TYPES) ? 1
											 : -ENODATA;
		if (error > 0)
			keep_scanned(report, path);
	}
	layout_close(&layout);
	return error;
}

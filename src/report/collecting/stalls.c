#include "stalls.h"

#include <stdlib.h>
#include <string.h>

#include "report/filters/allow.h"
#include "report/model/findings.h"
#include "report/model/model.h"
#include "inspect/system_call_name.h"
#include "loop_body.h"
#include "loop_name.h"
#include "judgement/turn.h"
#include "report/model/turn_lengths.h"
#include "phases.h"
#include "running_test.h"
#include "verdict.h"

#define MAX_STACKS	   32 /* per finding, unless --samples asks for more */
#define SCRIPT_NEARLY_FULL (TRACE_SCRIPT_SIZE - 256)

struct stall_sample {
	struct stall_sample *next;
	uint32_t family;
	const char *executor;
	struct finding_stack stack;
};

static uint64_t since_start(const struct trace_header *header, uint64_t ns)
{
	return ns > header->start_monotonic_ns ? ns - header->start_monotonic_ns : 0;
}

static bool is_boundary(const struct frame *frame)
{
	return frame->turn_boundary || frame->owner == OWNER_EXECUTOR;
}

/* Names of the functions that contain the loop's wait. If the program's own code is the event loop,
 * nothing else shows where a callback begins. */
static struct stack wait_of(struct stalls *stalls, uint32_t executor)
{
	const struct trace_file *trace = stalls->space->trace;
	const struct trace_executor *record = trace_file_record(trace, executor, RECORD_EXECUTOR);
	const struct trace_stack *wait = record ? loop_wait(trace, record) : NULL;

	return wait ? stack_native(stalls->space, stalls->process->ownership, wait->frames,
				   wait->depth, trace->header->start_monotonic_ns)
		    : (struct stack){ 0 };
}

static bool is_of_program(const struct frame *frame)
{
	return frame->owner == OWNER_PROGRAM && frame->function;
}

/* Counts the outermost frames, up to `end`, that belong to the functions in which
 * the loop waits. */
static size_t without_loop(const struct stack *stack, size_t end, const struct stack *wait)
{
	size_t other = wait->count;

	for (;;) {
		while (end && !is_of_program(&stack->frames[end - 1]))
			end--;
		while (other && !is_of_program(&wait->frames[other - 1]))
			other--;
		if (!end || !other ||
		    stack->frames[end - 1].function != wait->frames[other - 1].function)
			return end;
		end--;
		other--;
	}
}

/* The outermost frame of the program's own code within the turn; without one, the
 * outermost of any. */
static size_t entry_of(const struct stack *stack, const struct stack *wait, bool former)
{
	size_t place = former ? stack->id_place : stack->place, end, own, i;

	for (end = place; end < stack->count; end++)
		if (is_boundary(&stack->frames[end]))
			break;
	own = end;
	if (end == stack->count && wait->count)
		own = without_loop(stack, end, wait);
	for (i = own; i-- > 0;)
		if ((former ? stack->frames[i].id_owner : stack->frames[i].owner) == OWNER_PROGRAM)
			return i;
	/* All of it is in the loop's function itself. */
	if (place < stack->count)
		return place;
	/* For JIT code or interpreter internals the function is arbitrary, but the place where the
	 * loop calls it is stable. */
	for (own = end, i = wait->count; own && i; own--, i--)
		if (stack->frames[own - 1].function != wait->frames[i - 1].function)
			break;
	for (i = own; i-- > 0;)
		if (stack->frames[i].function)
			return i;
	return 0;
}

static struct finding_stack stack_of(struct stalls *stalls, uint32_t executor,
				     const uint64_t *frames, size_t depth,
				     const struct trace_script *script, uint64_t when_ns)
{
	struct finding_stack result = { .role = ROLE_SAMPLE };
	struct stack wait = { 0 };

	result.native =
		stack_native(stalls->space, stalls->process->ownership, frames, depth, when_ns);
	if (script && script->text_size)
		result.script =
			stack_script(stalls->report->session, script->text, script->text_size,
				     stalls->process->ownership, script->language);
	else
		wait = wait_of(stalls, executor);
	result.entry = entry_of(finding_stack_face(&result), &wait, false);
	result.id_entry = entry_of(finding_stack_face(&result), &wait, true);
	return result;
}

static void keep_sample(struct stalls *stalls, const struct finding *seen, uint64_t ns)
{
	struct stall_sample *sample = obstack_alloc(&stalls->report->memory, sizeof *sample);

	*sample = (struct stall_sample){ .next = stalls->report->samples,
					 .family = seen->family,
					 .executor = seen->executor,
					 .stack = seen->stacks[0] };
	sample->stack.weight = ns / 1000000 + 1;
	stalls->report->samples = sample;
}

static bool begin(struct stalls *stalls, const struct trace_executor *executor,
		  struct finding *seen)
{
	if (!executor || !executor->confirmed)
		return false;
	seen->kind = KIND_LONG_TURN;
	seen->job = phase_runs_tests(stalls->process);
	seen->runner = phase_is_node_runner(stalls->process);
	seen->family = executor->family;
	seen->confidence = executor->confidence;
	seen->executor = loop_name(stalls->space, stalls->process, executor, &seen->executor_id);
	return true;
}

/* `site`: NULL for a turn in progress. */
static void put(struct stalls *stalls, struct finding *seen, struct finding_stack *stack,
		uint8_t flags, bool script_full, const struct trace_site *site)
{
	seen->stacks = stack;
	seen->stack_count = 1;
	seen->unseen = flags & SITE_UNSEEN;
	if (!verdict_long_turn(seen, flags, script_full, &stalls->process->limits))
		return;
	if (site)
		phase_take(stalls->process, stalls->space->trace, site, seen);
	if (allow_fits(stalls->process->allow, seen))
		return;
	seen->test = running_test(
		stalls->space, stalls->process, seen,
		site ? (uint32_t)((const unsigned char *)site - stalls->space->trace->bytes) : 0);
	finding_add(stalls->report, seen, stalls->process);
}

/* A turn that returned to its wait is classified by its level, another one by the code. */
static bool is_in_loop(struct stalls *stalls, const struct trace_executor *executor,
		       const struct trace_site *site, bool is_last)
{
	const struct trace_stack *frames;

	if (site->level <= executor->level && !is_last)
		return true;
	frames = trace_file_record(stalls->space->trace, site->stack, RECORD_STACK);
	return frames && loop_body_has(stalls->space, stalls->process, executor, frames->frames,
				       frames->depth, site->first_ns);
}

void stall_observe(struct stalls *stalls, const struct trace_site *site)
{
	const struct trace_executor *executor;
	bool is_last;
	const struct trace_file *trace = stalls->space->trace;
	const struct trace_stack *frames = trace_file_record(trace, site->stack, RECORD_STACK);
	union script_room room;
	const struct trace_script *script = trace_file_script(trace, site->script, &room);
	struct strings *strings = &stalls->report->session->strings;
	struct finding_stack stack;
	struct finding seen = {
		.total_ns = site->total_ns,
		.max_ns = site->max_ns,
		.off_cpu_ns = site->off_cpu_ns,
		.first_ns = since_start(trace->header, site->first_ns),
		.last_ns = since_start(trace->header, site->last_ns),
		.thread = strings_keep_part(strings, site->thread, sizeof site->thread),
		.stall = site->subject <= STALL_RUNNABLE ? site->subject : STALL_UNKNOWN,
		.waits_in = system_call_name(strings, site->system_call),
	};

	executor = trace_file_record(trace, site->executor, RECORD_EXECUTOR);
	if (!frames || !begin(stalls, executor, &seen))
		return;
	if (site->confirmed == TRACE_DOUBTED)
		return;
	is_last = !site->confirmed && seen.family == FAMILY_EVENT_LOOP &&
		  stalls->process->end == PROCESS_ENDED;
	if (!is_in_loop(stalls, executor, site, is_last))
		return;
	stack = stack_of(stalls, site->executor, frames->frames, frames->depth, script,
			 site->first_ns);
	if (site->kind == SITE_SAMPLE) {
		seen.stacks = &stack;
		seen.stack_count = 1;
		keep_sample(stalls, &seen, site->total_ns);
		return;
	}
	if (*site->channel)
		seen.channel = strings_keep_part(strings, site->channel, sizeof site->channel);
	seen.language = script ? script->language : SCRIPT_NONE;
	for (int severity = SEVERITY_NOTICE; severity < SEVERITIES; severity++)
		if (site->counts[severity]) {
			seen.severity = (enum severity)severity;
			seen.reasons = site->reasons[severity];
			seen.count += site->counts[severity];
		}
	for (size_t i = 0; i < TRACE_HISTOGRAM_BUCKETS; i++)
		seen.histogram[i] = site->histogram[i];
	if (seen.count)
		put(stalls, &seen, &stack, site->flags,
		    script && script->text_size > SCRIPT_NEARLY_FULL, site);
}

/* What `yieldsan run` saw of the current turn; NULL: nothing. */
static const struct trace_look *look_at(const struct trace_file *trace,
					const struct trace_turn_times *times, uint64_t turn)
{
	const struct trace_look *look = trace_file_record(trace, times->look, RECORD_LOOK);

	return look && !(look->sequence & 1) && look->turn == turn &&
			       look->depth <= TRACE_LOOK_FRAMES
		       ? look
		       : NULL;
}

static const struct trace_site *sample_of(const struct trace_file *trace,
					  const struct trace_turn_times *times, uint64_t turn)
{
	const struct trace_site *site = trace_file_record(trace, times->sample, RECORD_SITE);

	return site && times->sample_turn == turn && site->kind == SITE_SAMPLE ? site : NULL;
}

/* The first number of a type is the address of its poll function. */
static uint64_t poll_of(const struct trace_file *trace, uint32_t type)
{
	for (size_t i = 0; type && i < trace->records[RECORD_TASK_TYPE].count; i++) {
		const struct trace_task_type *record =
			(const void *)(trace->bytes + trace->records[RECORD_TASK_TYPE].offsets[i]);

		if (record->number == type)
			return record->poll;
	}
	return 0;
}

static uint64_t elapsed(const struct trace_file *trace, uint64_t start_ns)
{
	uint64_t end_ns = trace_file_last_ns(trace);

	return start_ns && end_ns > start_ns ? end_ns - start_ns : 0;
}

/* Scaled to the time for which it was watched. */
static uint64_t off_cpu_of(const struct trace_look *look, uint64_t ns)
{
	uint64_t seen_ns = look->last_ns - look->since_ns;
	uint64_t off_ns = look->ran_ns < seen_ns ? seen_ns - look->ran_ns : 0;

	return (uint64_t)((double)off_ns / (double)seen_ns * (double)ns);
}

/* Whether the launcher saw the thread in one poll of its root future for as long as one that hangs,
 * the time that it waited for a CPU left out. Another poll would have lost the samples' marks. */
static bool is_one_poll(const struct trace_file *trace, const struct trace_turn_times *times,
			const struct trace_look *look, uint64_t turn)
{
	const struct trace_root *root = trace_file_record(trace, times->root, RECORD_ROOT);

	return root && root->state && look &&
	       look->last_ns - look->since_ns >= LIMIT_ROOT_HANG + look->runnable_ns &&
	       ((root->turn == turn && root->marks >= LIMIT_ROOT_MARKS) || turn & TRACE_ROOT_TURN);
}

/* A turn that has not ended, as it was last seen. */
struct seen_turn {
	const struct trace_turn_times *times;
	const struct trace_look *look; /* NULL: none */
	const struct trace_site *site; /* its last sample; NULL: none */
	uint64_t start_ns, own_ns;
	uint64_t poll; /* its task's poll function; 0: not known */
	uint8_t flags;
};

/* What its last look says: for how long, and what it waits in. */
static void take_last_look(struct stalls *stalls, struct seen_turn *of, struct finding *seen)
{
	struct strings *strings = &stalls->report->session->strings;
	const struct trace_look *look = of->look;

	seen->progress_ns = elapsed(stalls->space->trace, of->start_ns);
	of->own_ns = seen->progress_ns;
	seen->stall = of->site ? STALL_BUSY : STALL_UNKNOWN;
	if (!look)
		return;
	if (look->stall <= STALL_RUNNABLE) {
		seen->stall = look->stall;
		of->own_ns = of->own_ns > look->runnable_ns ? of->own_ns - look->runnable_ns : 0;
		seen->waits_in = system_call_name(strings, look->system_call);
		if (*look->channel)
			seen->channel =
				strings_keep_part(strings, look->channel, sizeof look->channel);
	}
	/* If the end of the process was not seen, the last look gives a lower bound. */
	if (!seen->progress_ns && look->last_ns > of->start_ns)
		of->own_ns = seen->progress_ns = look->last_ns - of->start_ns;
	seen->own_ns = of->own_ns;
}

static struct verdict judge_seen(const struct stalls *stalls, const struct seen_turn *of,
				 const struct finding *seen)
{
	const struct trace_look *look = of->look;
	const struct turn_facts facts = {
		.in_progress = true,
		.place_known = true,
		.ns = seen->progress_ns,
		.own_ns = of->own_ns,
		.stall = seen->stall,
		.looked = look != NULL,
		.crowded = look && stalls->space->trace->header->crowded_ns >= look->since_ns,
		.wait = look ? turn_wait_of(look->system_call) : TURN_WAIT_UNKNOWN,
	};

	return turn_judge(&facts, &stalls->process->limits);
}

/* Where it is: by the look of a thread that waits, its last sample, or its task. False: not known.
 */
static bool stack_of_turn(struct stalls *stalls, struct seen_turn *of, const struct finding *seen,
			  const struct trace_script *script, struct finding_stack *stack)
{
	const struct trace_look *look = of->look;
	const struct trace_stack *frames =
		of->site ? trace_file_record(stalls->space->trace, of->site->stack, RECORD_STACK)
			 : NULL;
	uint32_t executor = of->times->executor;

	if (look && look->depth && seen->stall == STALL_WAITING) {
		*stack = stack_of(stalls, executor, look->frames, look->depth, NULL, look->last_ns);
	} else if (frames) {
		*stack = stack_of(stalls, executor, frames->frames, frames->depth, script,
				  of->site->last_ns);
	} else if (of->poll) {
		of->poll++;
		*stack = stack_of(stalls, executor, &of->poll, 1, NULL, of->start_ns);
		of->flags |= SITE_UNSEEN;
	} else {
		return false;
	}
	return true;
}

/* `flags`: set for a root future, which has no task type. */
static void observe_turn(struct stalls *stalls, const struct trace_turn_times *times,
			 const struct trace_thread *thread, uint64_t turn, uint64_t start_ns,
			 uint8_t flags)
{
	const struct trace_file *trace = stalls->space->trace;
	const struct trace_executor *executor =
		trace_file_record(trace, times->executor, RECORD_EXECUTOR);
	const struct trace_script *script = NULL;
	union script_room room;
	struct finding_stack stack;
	struct seen_turn of = {
		.times = times,
		.look = look_at(trace, times, turn),
		.site = sample_of(trace, times, turn),
		.start_ns = start_ns,
		.poll = flags ? 0 : poll_of(trace, times->type),
		.flags = flags,
	};
	struct finding seen = { .in_progress = true, .running = trace->running, .count = 1 };

	take_last_look(stalls, &of, &seen);
	seen.one_poll = is_one_poll(trace, times, of.look, turn);
	finding_take(&seen, judge_seen(stalls, &of, &seen));
	if (!seen.severity || !begin(stalls, executor, &seen) ||
	    (of.site && !is_in_loop(stalls, executor, of.site, false)))
		return;
	if (of.site) {
		of.flags |= of.site->flags;
		script = trace_file_script(trace, of.site->script, &room);
	}
	if (!stack_of_turn(stalls, &of, &seen, script, &stack))
		return;
	seen.language = script ? script->language : SCRIPT_NONE;
	seen.total_ns = seen.max_ns = seen.progress_ns;
	if (of.look && of.look->last_ns > of.look->since_ns)
		seen.off_cpu_ns = off_cpu_of(of.look, seen.progress_ns);
	seen.first_ns = since_start(trace->header, start_ns);
	seen.last_ns = seen.first_ns + seen.progress_ns;
	seen.thread = strings_keep_part(&stalls->report->session->strings, thread->name,
					sizeof thread->name);
	put(stalls, &seen, &stack, of.flags, script && script->text_size > SCRIPT_NEARLY_FULL,
	    NULL);
}

static void observe_root(struct stalls *stalls, const struct trace_turn_times *times,
			 const struct trace_thread *thread)
{
	const struct trace_file *trace = stalls->space->trace;
	const struct trace_look *look = trace_file_record(trace, times->look, RECORD_LOOK);
	uint64_t end_ns = trace_file_last_ns(trace);
	uint64_t turn = TRACE_ROOT_TURN;

	for (size_t i = 0; i < TRACE_THREAD_EXECUTORS; i++)
		turn += thread->turns[i].turns;
	if (!look || (look->turn & ~TRACE_ROOT_MULTI_THREAD) != turn ||
	    (end_ns && end_ns > look->last_ns + LIMIT_ROOT_LOOKED_AWAY))
		return;
	observe_turn(stalls, times, thread, look->turn, look->since_ns,
		     look->turn & TRACE_ROOT_MULTI_THREAD ? SITE_ROOT_MULTI_THREAD
							  : SITE_ROOT_CURRENT_THREAD);
}

/* What the turns were doing at their last samples. */
static void observe_samples(struct stalls *stalls, uint64_t since_ns)
{
	const struct trace_file *trace = stalls->space->trace;

	for (size_t i = 0; i < trace->records[RECORD_SITE].count; i++) {
		const struct trace_site *site =
			(const void *)(trace->bytes + trace->records[RECORD_SITE].offsets[i]);

		if (site->kind == SITE_SAMPLE && site->last_ns >= since_ns)
			stall_observe(stalls, site);
	}
}

void stalls_in_progress(struct stalls *stalls)
{
	const struct trace_file *trace = stalls->space->trace;

	/* A process that ended by itself ended its turns. */
	if (stalls->process->end == PROCESS_ENDED || stalls->process->end == PROCESS_REPLACED)
		return;
	for (size_t i = 0; i < trace->records[RECORD_TURN_TIMES].count; i++) {
		const struct trace_turn_times *times =
			(const void *)(trace->bytes + trace->records[RECORD_TURN_TIMES].offsets[i]);
		const struct trace_thread *thread =
			trace_file_record(trace, times->thread, RECORD_THREAD);

		/* A call in progress has its own finding. */
		if (thread && thread->alive && thread->turn_start && !(thread->call.sequence & 1))
			observe_turn(stalls, times, thread, thread->turn_start,
				     trace_clock_ns(trace, thread->turn_start), 0);
		if (thread && thread->alive && !thread->turn_start && !(thread->call.sequence & 1))
			observe_root(stalls, times, thread);
		if (stalls->report->live && thread && thread->turn_start &&
		    times->sample_turn == thread->turn_start)
			observe_samples(stalls, trace_clock_ns(trace, thread->turn_start));
	}
}

static bool is_of(const struct stall_sample *sample, const struct finding *finding)
{
	const struct stack *one = finding_stack_face(&sample->stack);
	const struct stack *other = finding_stack(finding);
	size_t entry = finding->stacks[0].entry;

	if (sample->family != finding->family || sample->executor != finding->executor ||
	    sample->stack.entry >= one->count || entry >= other->count)
		return false;
	if (!one->frames[sample->stack.entry].function)
		return one->frames[sample->stack.entry].offset == other->frames[entry].offset;
	return one->frames[sample->stack.entry].function == other->frames[entry].function;
}

static bool same_place(const struct finding_stack *a, const struct finding_stack *b)
{
	const struct frame *one = stack_place(finding_stack_face(a));
	const struct frame *other = stack_place(finding_stack_face(b));

	if (!one || !other)
		return false;
	return one->function == other->function && one->line == other->line &&
	       (one->function || one->offset == other->offset);
}

static int compare_weights(const void *one, const void *other)
{
	const struct finding_stack *a = one, *b = other;

	return a->weight > b->weight ? -1 : a->weight < b->weight;
}

/* Puts the innermost program frame with the most time first. */
static void put_hottest_first(struct finding_stack *stacks, size_t count)
{
	uint64_t best_weight = 0;
	size_t best = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t weight = 0;

		for (size_t j = 0; j < count; j++)
			if (same_place(&stacks[i], &stacks[j]))
				weight += stacks[j].weight;
		if (weight > best_weight) {
			best_weight = weight;
			best = i;
		}
	}
	if (count) {
		struct finding_stack hottest = stacks[best];

		memmove(stacks + 1, stacks, best * sizeof *stacks);
		stacks[0] = hottest;
	}
}

static bool same_frame(const struct frame *a, const struct frame *b)
{
	return a->function == b->function && a->file == b->file && a->line == b->line &&
	       a->module == b->module && (a->function || a->offset == b->offset);
}

/* Whether two samples look the same to a reader: the same lines of the same functions. */
static bool same_face(const struct finding_stack *a, const struct finding_stack *b)
{
	const struct stack *one = finding_stack_face(a), *other = finding_stack_face(b);

	if (one->count != other->count || a->entry != b->entry)
		return false;
	for (size_t i = 0; one->frames != other->frames && i < one->count; i++)
		if (!same_frame(&one->frames[i], &other->frames[i]))
			return false;
	return true;
}

/* Both sides are sorted by weight: keep the heaviest of equal stacks, with their total weight. */
static size_t merge_equal_stacks(struct finding_stack *stacks, size_t count)
{
	size_t distinct = 0;

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < distinct && !same_face(&stacks[i], &stacks[j]))
			j++;
		if (j < distinct)
			stacks[j].weight += stacks[i].weight;
		else
			stacks[distinct++] = stacks[i];
	}
	qsort(stacks, distinct, sizeof *stacks, compare_weights);
	return distinct;
}

static void take_samples(struct report *report, struct finding *finding)
{
	struct finding_stack *stacks;
	size_t count = 0, room = 0, most = report->options->samples;

	for (const struct stall_sample *sample = report->samples; sample; sample = sample->next)
		room += is_of(sample, finding);
	if (!room || finding->stall == STALL_WAITING)
		return;
	stacks = obstack_alloc(&report->memory, room * sizeof *stacks);
	for (const struct stall_sample *sample = report->samples; sample; sample = sample->next)
		if (is_of(sample, finding))
			stacks[count++] = sample->stack;
	qsort(stacks, count, sizeof *stacks, compare_weights);
	count = merge_equal_stacks(stacks, count);
	put_hottest_first(stacks, count);
	if (most < MAX_STACKS)
		most = MAX_STACKS;
	finding->stacks = stacks;
	finding->stack_count = count < most ? count : most;
	finding->left_out_stacks = count - finding->stack_count;
	finding->left_out_weight = 0;
	for (size_t i = finding->stack_count; i < count; i++)
		finding->left_out_weight += stacks[i].weight;
}

void stalls_finish(struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i]->kind == KIND_LONG_TURN && !report->findings[i]->unseen)
			take_samples(report, report->findings[i]);
}

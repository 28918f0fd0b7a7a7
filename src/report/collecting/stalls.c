#include "stalls.h"

#include <string.h>

#include "report/filters/allow.h"
#include "report/model/model.h"
#include "inspect/system_call_name.h"
#include "loop_body.h"
#include "loop_name.h"
#include "judgement/turn.h"
#include "report/model/turn_lengths.h"
#include "phases.h"
#include "running_test.h"
#include "stall_samples.h"
#include "stall_stack.h"
#include "turn_places.h"
#include "verdict.h"

#define SCRIPT_NEARLY_FULL (TRACE_SCRIPT_SIZE - 256)

static uint64_t since_start(const struct trace_header *header, uint64_t ns)
{
	return ns > header->start_monotonic_ns ? ns - header->start_monotonic_ns : 0;
}

static bool stall_begin_finding(struct stalls *stalls, const struct trace_executor *executor,
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

/* A thread that waits is in one place. */
static size_t shared_frames_of(const struct trace_site *site, const struct finding_stack *stack)
{
	if (!site)
		return 0;
	return site->subject == STALL_WAITING ? finding_stack_face(stack)->count
					      : site->shared_frames;
}

/* `site`: NULL for a turn in progress. */
static void stall_put_finding(struct stalls *stalls, struct finding *seen,
			      struct finding_stack *stack, uint8_t flags, bool script_full,
			      const struct trace_site *site)
{
	seen->stacks = stack;
	seen->stack_count = 1;
	seen->unseen = flags & SITE_UNSEEN;
	if (!verdict_long_turn(seen, flags, script_full, &stalls->process->limits))
		return;
	if (site)
		phase_take(stalls->process, stalls->space->trace, site, script_full, seen);
	if (allow_fits(stalls->process->allow, seen))
		return;
	seen->test = running_test(
		stalls->space, stalls->process, seen,
		site ? (uint32_t)((const unsigned char *)site - stalls->space->trace->bytes) : 0);
	turn_place_keep(stalls->report, stalls->process, seen, shared_frames_of(site, stack));
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
	};

	if (seen.stall == STALL_WAITING)
		seen.waits_in = system_call_name(strings, site->system_call);
	executor = trace_file_record(trace, site->executor, RECORD_EXECUTOR);
	if (!frames || !stall_begin_finding(stalls, executor, &seen))
		return;
	if (site->confirmed == TRACE_DOUBTED)
		return;
	is_last = !site->confirmed && seen.family == FAMILY_EVENT_LOOP &&
		  stalls->process->end == PROCESS_ENDED;
	if (!is_in_loop(stalls, executor, site, is_last))
		return;
	stack = stall_stack(stalls, site->executor, frames->frames, frames->depth, script,
			    site->first_ns);
	if (site->kind == SITE_SAMPLE) {
		seen.stacks = &stack;
		seen.stack_count = 1;
		stall_sample_keep(stalls, &seen, site->total_ns);
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
		stall_put_finding(stalls, &seen, &stack, site->flags,
				  script && script->text_size > SCRIPT_NEARLY_FULL, site);
}

/* What `yieldsan run` saw of the current turn; NULL: nothing. */
static const struct trace_look *stall_outside_look(const struct trace_file *trace,
						   const struct trace_turn_times *times,
						   uint64_t turn)
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
static uint64_t type_poll_of(const struct trace_file *trace, uint32_t type)
{
	for (size_t i = 0; type && i < trace->records[RECORD_TASK_TYPE].count; i++) {
		const struct trace_task_type *record =
			(const void *)(trace->bytes + trace->records[RECORD_TASK_TYPE].offsets[i]);

		if (record->number == type)
			return record->poll;
	}
	return 0;
}

static uint64_t trace_elapsed(const struct trace_file *trace, uint64_t start_ns)
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

	seen->progress_ns = trace_elapsed(stalls->space->trace, of->start_ns);
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
		*stack = stall_stack(stalls, executor, look->frames, look->depth, NULL,
				     look->last_ns);
	} else if (frames) {
		*stack = stall_stack(stalls, executor, frames->frames, frames->depth, script,
				     of->site->last_ns);
	} else if (of->poll) {
		of->poll++;
		*stack = stall_stack(stalls, executor, &of->poll, 1, NULL, of->start_ns);
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
		.look = stall_outside_look(trace, times, turn),
		.site = sample_of(trace, times, turn),
		.start_ns = start_ns,
		.poll = flags ? 0 : type_poll_of(trace, times->type),
		.flags = flags,
	};
	struct finding seen = { .in_progress = true, .running = trace->running, .count = 1 };

	take_last_look(stalls, &of, &seen);
	seen.one_poll = is_one_poll(trace, times, of.look, turn);
	finding_take(&seen, judge_seen(stalls, &of, &seen));
	if (!seen.severity || !stall_begin_finding(stalls, executor, &seen) ||
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
	stall_put_finding(stalls, &seen, &stack, of.flags,
			  script && script->text_size > SCRIPT_NEARLY_FULL, NULL);
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

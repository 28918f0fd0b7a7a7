#include "collect.h"

#include <string.h>

#include "report/model/findings.h"
#include "report/filters/allow.h"
#include "collect_python.h"
#include "collect_stuck.h"
#include "collection.h"
#include "support/progress.h"
#include "loop_body.h"
#include "loop_name.h"
#include "stalls.h"
#include "judgement/call.h"
#include "phases.h"
#include "running_test.h"
#include "verdict.h"
#include "waited_for.h"

/* A longer trace_script may have lost its outer lines because the buffer was full. */
#define SCRIPT_NEARLY_FULL (TRACE_SCRIPT_SIZE - 256)

/* An event, or several at one site, as recorded in the trace. */
struct observation {
	bool merged; /* merged from several places: only the innermost frame is known */
	const struct trace_call *call;
	const struct trace_executor *executor;
	uint8_t flags, subject;
	uint16_t level;
	bool is_last; /* the turn's loop ended in plain code */
	uint64_t when_ns;
	const struct trace_site *site; /* NULL: a call in progress */
	const uint64_t *frames;
	size_t depth;
	const char *script;
	size_t script_size;
	enum script_language language;
};

/* A transfer or a wait for events is classified by its descriptors alone. */
static const char *category_of(const struct observation *observation, struct strings *strings)
{
	const struct trace_call *call = observation->call;
	const char *category = strings_keep_part(strings, call->category, sizeof call->category);

	if (observation->flags & SITE_SLEEPS)
		return "sleep";
	if (strcmp(category, "file") && strcmp(category, "socket") && strcmp(category, "pipe") &&
	    strcmp(category, "output") && strcmp(category, "other"))
		return category;
	if (observation->flags & SITE_APPENDS)
		return "output";
	switch (observation->subject) {
	case SUBJECT_REGULAR_FILE:
	case SUBJECT_MEMORY_FILE:
		return "file";
	case SUBJECT_PIPE:
		return "pipe";
	case SUBJECT_SOCKET:
		return "socket";
	default:
		return category;
	}
}

/* print! and its relatives write to a pipe, a file or a terminal; treat all of these as output. */
static bool is_print(const struct stack *stack)
{
	for (size_t i = 0; i < stack->place && i < stack->count; i++)
		if (frame_is(&stack->frames[i], "std", "std::io::stdio::"))
			return true;
	return false;
}

static void collect_observe(struct collection *collection, const struct observation *observation,
			    struct finding *seen)
{
	struct finding_stack *blocked = seen->stacks;
	struct report *report = collection->report;
	const struct trace_executor *executor = observation->executor;
	const struct trace_call *call = observation->call;
	bool script_cut;

	if (!collection_executor(collection, executor, seen))
		return;
	/* If the turn returned to its wait, its level decides. If it did not, it may have been code
	 * behind the loop; only the machine code can decide. */
	if ((observation->level > executor->level || observation->is_last) &&
	    !loop_body_has(&collection->space, collection->process, executor, observation->frames,
			   observation->depth, observation->when_ns))
		return;
	seen->call = strings_keep_part(&report->session->strings, call->name, sizeof call->name);
	seen->category = category_of(observation, &report->session->strings);
	seen->language = observation->language;
	blocked->native =
		stack_native(&collection->space, collection->process->ownership,
			     observation->frames, observation->depth, observation->when_ns);
	blocked->native.incomplete = observation->merged;
	if (!strcmp(call->name, "write") && is_print(&blocked->native))
		seen->category = "output";
	if (observation->script_size)
		blocked->script =
			stack_script(report->session, observation->script, observation->script_size,
				     collection->process->ownership, observation->language);
	seen->runner = phase_is_node_runner(collection->process);
	script_cut = observation->script_size > SCRIPT_NEARLY_FULL;
	if (!verdict(seen, observation->flags, script_cut))
		return;
	if (observation->site)
		waited_for_take(collection, observation->site, seen);
	if (observation->site)
		phase_take(collection->process, collection->trace, observation->site, script_cut,
			   seen);
	collection_add(collection, seen);
}

static void observe_site(struct collection *collection, const struct trace_site *site)
{
	const struct trace_file *trace = collection->trace;
	const struct trace_stack *stack = trace_file_record(trace, site->stack, RECORD_STACK);
	union script_room room;
	const struct trace_script *script = trace_file_script(trace, site->script, &room);
	struct observation observation = {
		.call = trace_file_record(trace, site->call, RECORD_CALL),
		.executor = trace_file_record(trace, site->executor, RECORD_EXECUTOR),
		.flags = site->flags,
		.subject = site->subject,
		.level = site->level,
		.when_ns = site->first_ns,
		.site = site,
	};
	struct finding_stack blocked = { .role = ROLE_BLOCKED };
	struct finding seen = {
		.stacks = &blocked,
		.stack_count = 1,
		.total_ns = site->total_ns,
		.max_ns = site->max_ns,
		.off_cpu_ns = site->off_cpu_ns,
		.first_ns = collection_since_start(collection, site->first_ns),
		.last_ns = collection_since_start(collection, site->last_ns),
		.harm_events = site->harm_events,
		.harm_turns = site->harm_turns,
		.long_turns = site->long_turns,
		.tid = site->tid,
		.thread = strings_keep_part(&collection->report->session->strings, site->thread,
					    sizeof site->thread),
	};

	if (site->kind == SITE_LONG_TURN || site->kind == SITE_SAMPLE)
		stall_observe(&collection->stalls, site);
	if (site->kind != SITE_BLOCKING_CALL || !observation.call || !observation.executor ||
	    !stack)
		return;
	if (site->confirmed == TRACE_DOUBTED)
		return;
	/* A loop that never waited again: the program may have left it and ended in plain code. */
	observation.is_last = !site->confirmed &&
			      observation.executor->family == FAMILY_EVENT_LOOP &&
			      collection->process->end == PROCESS_ENDED;
	for (int severity = SEVERITY_NOTICE; severity < SEVERITIES; severity++)
		if (site->counts[severity]) {
			seen.severity = (enum severity)severity;
			seen.reasons = site->reasons[severity];
			seen.count += site->counts[severity];
		}
	if (!seen.count)
		return;
	for (size_t i = 0; i < TRACE_HISTOGRAM_BUCKETS; i++)
		seen.histogram[i] = site->histogram[i];
	observation.frames = stack->frames;
	observation.merged = (stack->flags & TRACE_STACK_MERGED) != 0;
	observation.depth = stack->depth;
	if (script) {
		observation.script = script->text;
		observation.script_size = script->text_size;
		observation.language = script->language;
	}
	collect_observe(collection, &observation, &seen);
}

/* Whether `yieldsan run' saw it asleep. */
static bool was_seen_asleep(const struct trace_file *trace, const struct trace_thread *thread)
{
	const uint32_t offset = (uint32_t)((const unsigned char *)thread - trace->bytes);

	for (size_t i = 0; i < trace->records[RECORD_TURN_TIMES].count; i++) {
		const struct trace_turn_times *times =
			(const void *)(trace->bytes + trace->records[RECORD_TURN_TIMES].offsets[i]);
		const struct trace_look *look =
			times->thread == offset ? trace_file_record(trace, times->look, RECORD_LOOK)
						: NULL;

		if (look && look->stall == STALL_WAITING && look->last_ns > thread->call.start_ns)
			return true;
	}
	return false;
}

static struct verdict judge_in_progress(const struct trace_file *trace,
					const struct trace_thread *thread,
					const struct trace_call *call,
					const struct process *process)
{
	const struct call_progress progress = {
		.class = call->class < CALL_CLASSES ? call->class : CLASS_FORWARD,
		.subject = thread->call.subject,
		.output = thread->call.flags & SITE_APPENDS,
		.running = trace->running,
		.seen_asleep = was_seen_asleep(trace, thread),
		.start_ns = thread->call.start_ns,
		.last_ns = trace_file_last_ns(trace),
	};

	return call_judge_in_progress(&progress, &process->limits);
}

static enum script_language language_of(const struct trace_executor *executor, const char *script,
					size_t size)
{
	enum executor_id id = executor_id_of(executor->family, executor->name);

	if (!size)
		return SCRIPT_NONE;
	if (executor_infos[id].script == SCRIPT_PYTHON || memmem(script, size, ".py\t", 4))
		return SCRIPT_PYTHON;
	return SCRIPT_JAVASCRIPT;
}

static void observe_thread(struct collection *collection, const struct trace_thread *thread)
{
	const struct trace_file *trace = collection->trace;
	struct trace_call_in_progress call;
	struct observation observation;
	struct finding_stack blocked = { .role = ROLE_BLOCKED };
	struct finding seen = { .stacks = &blocked, .stack_count = 1 };

	if (!trace_file_call(trace, thread, &call) || call.flags & SITE_ALLOWED ||
	    collection_is_deadlocked(collection, thread->tid))
		return;
	observation = (struct observation){
		.call = trace_file_record(trace, call.call, RECORD_CALL),
		.executor = trace_file_record(trace, call.executor, RECORD_EXECUTOR),
		.flags = call.flags,
		.subject = call.subject,
		.level = call.level,
		.when_ns = call.start_ns,
		.frames = call.frames,
		.depth = call.depth,
		.script = call.script,
		.script_size = call.script_size,
	};
	observation.language = language_of(observation.executor, call.script, call.script_size);
	seen.in_progress = true;
	seen.job = phase_runs_tests(collection->process);
	seen.running = trace->running;
	seen.progress_ns = collection_elapsed(collection, call.start_ns);
	finding_take(&seen,
		     judge_in_progress(trace, thread, observation.call, collection->process));
	if (!seen.severity)
		return;
	seen.count = 1;
	seen.total_ns = seen.max_ns = seen.progress_ns;
	if (was_seen_asleep(collection->trace, thread))
		seen.off_cpu_ns = seen.progress_ns;
	seen.first_ns = collection_since_start(collection, call.start_ns);
	seen.last_ns = seen.first_ns + seen.progress_ns;
	seen.thread = strings_keep_part(&collection->report->session->strings, thread->name,
					sizeof thread->name);
	waited_for_look(collection, thread, observation.call, &seen);
	collect_observe(collection, &observation, &seen);
}

uint64_t collection_since_start(const struct collection *collection, uint64_t ns)
{
	uint64_t start_ns = collection->trace->header->start_monotonic_ns;

	return ns > start_ns ? ns - start_ns : 0;
}

uint64_t collection_elapsed(const struct collection *collection, uint64_t start_ns)
{
	uint64_t end_ns = trace_file_last_ns(collection->trace);

	return end_ns > start_ns ? end_ns - start_ns : 0;
}

bool collection_executor(struct collection *collection, const struct trace_executor *executor,
			 struct finding *seen)
{
	seen->family = executor->family;
	seen->confidence = executor->confidence;
	seen->executor =
		loop_name(&collection->space, collection->process, executor, &seen->executor_id);
	return executor->confirmed;
}

bool collection_stack(struct collection *collection, uint32_t offset, uint64_t when_ns,
		      struct finding_stack *stack)
{
	const struct trace_stack *record =
		trace_file_record(collection->trace, offset, RECORD_STACK);
	union script_room room;
	const struct trace_script *script =
		record ? trace_file_script(collection->trace, record->script, &room) : NULL;

	if (!record)
		return false;
	stack->native = stack_native(&collection->space, collection->process->ownership,
				     record->frames, record->depth, when_ns);
	stack->native.incomplete =
		(record->flags & (TRACE_STACK_NOT_KEPT | TRACE_STACK_MERGED)) != 0;
	if (!script || !script->text_size)
		return false;
	stack->script = stack_script(collection->report->session, script->text, script->text_size,
				     collection->process->ownership, script->language);
	return record->flags & TRACE_STACK_BELOW_LOOP || script->text_size > SCRIPT_NEARLY_FULL;
}

void collection_add(struct collection *collection, const struct finding *seen)
{
	struct finding observed = *seen;

	if (allow_fits(collection->process->allow, seen))
		return;
	observed.test =
		running_test(&collection->space, collection->process, seen, collection->record);
	finding_add(collection->report, &observed, collection->process);
}

const void *collection_record(const struct collection *collection, enum record_type type, size_t i)
{
	return collection->trace->bytes + collection->trace->records[type].offsets[i];
}

const void *collection_take(struct collection *collection, enum record_type type, size_t i)
{
	collection->record = collection->trace->records[type].offsets[i];
	return collection_record(collection, type, i);
}

void collect(struct report *report, const struct process *process, const struct trace_file *trace)
{
	struct collection collection = { .report = report, .process = process, .trace = trace };
	size_t sites = trace->records[RECORD_SITE].count;

	address_space_init(&collection.space, report->session, trace);
	collection.stalls = (struct stalls){ report, process, &collection.space };
	for (size_t i = 0; i < sites && !report->live; i++) {
		progress_step("finding names and lines", i, sites);
		observe_site(&collection, collection_take(&collection, RECORD_SITE, i));
	}
	progress_end();
	collection.record = 0;
	for (size_t i = 0; i < trace->records[RECORD_THREAD].count; i++)
		observe_thread(
			&collection,
			(const void *)(trace->bytes + trace->records[RECORD_THREAD].offsets[i]));
	stalls_in_progress(&collection.stalls);
	collect_lock_sites(&collection);
	collect_deadlocks(&collection);
	collect_guards(&collection);
	collection.record = 0;
	collect_suspended(&collection);
	collect_stuck(&collection);
	collect_python(&collection);
	collect_cancelled(&collection);
	address_space_deinit(&collection.space);
}

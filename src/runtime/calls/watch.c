/* One watched call from begin to end: its subject, what happened, and the verdict. */
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "runtime/turns/allowance.h"
#include "runtime/trace/crowd.h"
#include "runtime/process/alert.h"
#include "runtime/process/descriptors.h"
#include "runtime/process/phase.h"
#include "runtime/loops/event_loop.h"
#include "runtime/turns/executor.h"
#include "runtime/futures/main_script.h"
#include "runtime/futures/root_harm.h"
#include "runtime/futures/root_turn.h"
#include "runtime/futures/task_root.h"
#include "runtime/futures/root_look.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/sites.h"
#include "runtime/turns/stack_switch.h"
#include "runtime/turns/thread_slot.h"
#include "runtime/trace/trace.h"
#include "runtime/trace/trace_records.h"
#include "runtime/turns/turn.h"
#include "call.h"
#include "call_excuse.h"
#include "call_outcome.h"
#include "call_repeat.h"
#include "output_end.h"
#include "status_pipe.h"
#include "waited_for.h"

/*
 * If the stream's buffer has unread input, the call does not reach the descriptor. glibc,
 * bits/types/struct_FILE.h.
 */
static bool has_input(const FILE *stream)
{
	return libc_stream_has_input(stream);
}

/* The program's own output: to its standard streams, or appended to a log. */
static bool is_output(const struct call_watch *watch, bool append)
{
	bool standard = watch->subject.fd == STDOUT_FILENO || watch->subject.fd == STDERR_FILENO;

	switch (call_infos[watch->call].class) {
	case CLASS_TRANSFER:
		return (append || standard) && (strstr(call_infos[watch->call].name, "write") ||
						strstr(call_infos[watch->call].name, "send"));
	case CLASS_STREAM_OUT:
		return append || standard;
	case CLASS_SYNC: /* of an appended file it may be that of a journal */
		return standard;
	case CLASS_OUTPUT:
		return true;
	default:
		return false;
	}
}

/* Finds the descriptor and its type; false if the call cannot wait. */
static bool take_subject(struct call_watch *watch)
{
	enum call_class class = call_infos[watch->call].class;
	struct call_subject *subject = &watch->subject;
	struct descriptor descriptor;

	if (subject->lock)
		watch->kind = SUBJECT_LOCK;
	if (subject->stream) {
		if (class == CLASS_STREAM_IN && has_input(subject->stream))
			return false;
		if (class == CLASS_STREAM_OUT)
			watch->stream_pending = __fpending(subject->stream);
		subject->fd = fileno(subject->stream);
		if (subject->fd < 0) /* a stream in memory */
			return false;
	}
	if (subject->fd < 0)
		return class != CLASS_TRANSFER;
	descriptor = descriptor_get(subject->fd);
	watch->kind = descriptor.subject;
	if (is_output(watch, descriptor.append))
		watch->flags |= SITE_APPENDS;
	if (descriptor.nonblocking && class >= CLASS_TRANSFER &&
	    descriptor.subject != SUBJECT_REGULAR_FILE && descriptor.subject != SUBJECT_MEMORY_FILE)
		return false;
	return descriptor.subject != SUBJECT_NONE;
}

/* The executor that the call blocks; NULL if none. */
static struct trace_executor *blocked_executor(struct call_watch *watch)
{
	struct turn *turn = this_thread.turn;
	struct executor *executor;

	executor = turn ? turn->executor : task_root_executor();
	if (turn && turn == event_loop_turn())
		if (!event_loop_level(watch->frame, &watch->level))
			return NULL;
	return executor ? executor_record(executor) : NULL;
}

/* Not to be reported while in progress. */
static bool may_take_long(const struct call_watch *watch)
{
	return allowance_is_open() || status_pipe_is(watch->subject.fd);
}

/* Not reported while in progress: it is no finding, or at most a notice. */
static bool may_last(const struct call_watch *watch)
{
	return may_take_long(watch) || call_waits_for_own_peer(watch) ||
	       event_loop_session(this_thread.turn) == SESSION_ONE;
}

static void write_down(struct call_watch *watch, struct trace_executor *executor)
{
	struct trace_call_in_progress *call = &this_thread.slot->call;

	watch->at = call_memory_stack((const struct known_frame *)watch->frame, call->frames,
				      &call->depth);
	call->call = trace_call_offset(watch->call);
	call->executor = trace_offset(executor);
	call->subject = watch->kind;
	call->flags = watch->flags | (may_last(watch) ? SITE_ALLOWED : 0);
	call->level = watch->level;
	call->script_size = 0;
	call->start_ns = now_ns();
	this_thread.slot->call_on = call_infos[watch->call].class == CLASS_CHILD
					    ? (uint32_t)this_thread.awaited_child
					    : (uint32_t)(watch->subject.fd + 1);
	__atomic_store_n(&call->sequence, call->sequence | 1, __ATOMIC_RELEASE);
}

static void watch_erase(void)
{
	struct trace_call_in_progress *call = &this_thread.slot->call;

	__atomic_store_n(&call->sequence, (call->sequence | 1) + 1, __ATOMIC_RELEASE);
}

/* A call belongs to a root future only if a block_on is on its stack. */
static bool take_root(struct call_watch *watch)
{
	struct trace_call_in_progress *call = &this_thread.slot->call;
	struct trace_executor *executor;
	bool parks;

	if (this_thread.turn)
		return true;
	watch->flags |= task_root_flags(call->frames, call->depth, &parks);
	if (parks) {
		root_harm_goes_on();
		thread_slot_count_turn(task_root_executor());
	}
	if (!(watch->flags &
	      (SITE_ROOT_FUTURE | SITE_ROOT_CURRENT_THREAD | SITE_ROOT_MULTI_THREAD)))
		return false;
	call->flags |= watch->flags;
	executor = task_root_executor() ? executor_record(task_root_executor()) : NULL;
	if (executor) /* its stack may show another than its module did */
		call->executor = trace_offset(executor);
	if (!this_thread.turn_counter) /* it may never park: count one turn */
		thread_slot_count_turn(task_root_executor());
	return true;
}

static bool watch_begin(struct call_watch *watch)
{
	OWN_CODE_SCOPE;
	enum call_class class = call_infos[watch->call].class;
	struct trace_executor *executor;

	if (!take_subject(watch) || !thread_slot_take())
		return false;
	executor = blocked_executor(watch);
	if (!executor)
		return false;
	write_down(watch, executor);
	if (this_thread.turn && this_thread.turn == event_loop_turn() &&
	    !event_loop_is_below(this_thread.slot->call.frames, this_thread.slot->call.depth)) {
		watch_erase();
		event_loop_left();
		return false;
	}
	if (call_goes_idle(watch)) {
		watch_erase();
		watch->idle = event_loop_goes_idle();
		return false;
	}
	if (!take_root(watch)) {
		watch_erase();
		root_turn_is_over();
		return false;
	}
	/*
	 * A call that never returns is reported with the interpreter's frames; one that returns
	 * needs them too, unless it is no finding.
	 */
	call_take_script(watch);
	if (class == CLASS_CHILD)
		waited_for_child_begins(watch);
	if (call_usage_is_old(class, watch->kind))
		call_usage_take();
	watch->cpu_ns = this_thread.usage.cpu_ns;
	watch->switches = this_thread.usage.switches;
	watch->start_ns = this_thread.slot->call.start_ns;
	watch->delay_mark = crowd_mark();
	return true;
}

/* Once: what a second read finds, nothing has looked for. */
static bool take_ready(int call, int fd)
{
	if (LIKELY(!this_thread.ready_fd) || this_thread.ready_fd != fd + 1 ||
	    call_infos[call].class != CLASS_TRANSFER)
		return false;
	this_thread.ready_fd = 0;
	return true;
}

void call_watch_begin(struct call_watch *watch, int call, struct call_subject subject)
{
	struct thread_state *self = &this_thread;

	watch->active = false;
	watch->roots = false;
	watch->idle = NULL;
	own_code_heal(__builtin_frame_address(0));
	if (self->own_code || self->in_call || !subject.watch)
		return;
	if (!self->turn && root_look_wanted && call_infos[call].class == CLASS_LOCK)
		watch->roots =
			root_look_begin((uintptr_t)__builtin_frame_address(0), ROOT_WAIT_LOCK);
	/* Most of what runs in a suspect thread is not a root future. */
	if (main_script_runs()) {
		if (!main_script_watches(call_infos[call].class, subject.fd))
			return;
	} else if (!self->turn && task_root_excluded()) {
		root_turn_is_over();
		if (call_infos[call].class == CLASS_LOCK)
			task_thread_waits();
		return;
	}
	watch->call = call;
	watch->subject = subject;
	watch->repeats = false;
	watch->failed = false;
	watch->ready = take_ready(call, subject.fd);
	watch->ended = false;
	watch->fd_hung_up = -1;
	watch->holder = 0;
	watch->fd_made = -1;
	watch->fd_flags = FLAGS_UNKNOWN;
	watch->path_opened = NULL;
	watch->kind = SUBJECT_NONE;
	watch->flags = subject.sleeps ? SITE_SLEEPS : 0;
	watch->level = 0;
	watch->language = SCRIPT_NONE;
	watch->frame = (uintptr_t)__builtin_frame_address(0);
	if (UNLIKELY(self->loop_learns))
		event_loop_learn(watch->frame);
	/* The common case in an executor: a non-blocking descriptor. */
	if (subject.fd >= 0 && call_infos[call].class == CLASS_TRANSFER) {
		struct descriptor descriptor = descriptor_get(subject.fd);

		if (LIKELY(descriptor.nonblocking && descriptor.subject >= SUBJECT_PIPE))
			return;
	}
	if (call_repeat_begin(watch)) {
		watch->active = true;
		return;
	}
	watch->active = watch_begin(watch);
	if (watch->active) {
		watch->turn = self->turn;
		self->in_call = true;
		self->call_frame = watch->frame;
		thread_arm();
	}
}

static struct trace_site *watch_site(struct call_watch *watch, enum severity severity)
{
	struct trace_call_in_progress *call = &this_thread.slot->call;
	const struct call_event event = {
		.executor = call->executor,
		.call = (uint16_t)watch->call,
		.level = watch->level,
		.flags = watch->flags,
		.subject = watch->kind,
		.severity = (uint8_t)severity,
	};
	struct trace_site *site = NULL;

	call_take_script(watch);
	if (!call->script_size)
		site = call_memory_site(watch->at, &event);
	if (LIKELY(site != NULL))
		return site;
	site = site_get(&(struct site_key){
		.kind = SITE_BLOCKING_CALL,
		.call = watch->call,
		.executor = call->executor,
		.level = watch->level,
		.flags = watch->flags,
		.subject = watch->kind,
		.frames = call->frames,
		.depth = call->depth,
		.language = watch->language,
		.script = call->script,
		.script_size = call->script_size,
		.severity = severity,
	});
	if (site && !call->script_size)
		call_memory_keep(watch->at, &event, site);
	return site;
}

static struct trace_site *watch_record(struct call_watch *watch, struct verdict verdict,
				       const struct outcome *outcome, uint64_t end_ns)
{
	struct turn *turn = watch->turn ? watch->turn : root_turn();
	struct trace_site *site = watch_site(watch, verdict.severity);

	if (!site) {
		if (verdict.severity == SEVERITY_ERROR)
			trace_lose_error();
		else
			trace_lose_event();
		return NULL;
	}
	if (verdict.severity > SEVERITY_NOTICE)
		phase_found(outcome->wall_ns, end_ns);
	site_count(site, verdict, outcome->wall_ns,
		   outcome->spun ? 0 : outcome->facts.slept_ns + outcome->others_slept_ns, end_ns);
	if (verdict.severity > SEVERITY_NOTICE &&
	    (!site->waited_for || outcome->wall_ns >= WAITED_FOR_LONG_NS))
		waited_for_ask(watch, site);
	if (turn)
		turn_remember(turn, site, outcome->wall_ns);
	else
		site->confirmed = 1;
	return site;
}

static void watch_explain_turn(struct turn *turn, const struct call_watch *watch,
			       const struct outcome *outcome)
{
	uint32_t switches = 0;

	if (outcome->facts.slept && watch->switches >= 0 && this_thread.usage.switches >= 0)
		switches = (uint32_t)(this_thread.usage.switches - watch->switches);
	turn_explain(turn, outcome->wall_ns, switches);
}

static struct verdict watch_judge(struct call_watch *watch, struct call_facts *facts,
				  const struct limits *limits)
{
	struct verdict verdict;

	facts->subject = watch->kind;
	facts->output = watch->flags & SITE_APPENDS;
	verdict = call_judge(facts, limits);
	if (verdict.severity > SEVERITY_NOTICE)
		session_judge(&verdict, event_loop_session(watch->turn));
	return verdict;
}

/* What a task waits for then is what the user or client sends, whoever waits for that. */
static bool waits_for_user(const struct call_watch *watch)
{
	return watch->subject.fd == STDIN_FILENO || watch->kind == SUBJECT_TERMINAL ||
	       watch->call == CALL_accept || watch->call == CALL_accept4;
}

static void watch_end(struct call_watch *watch)
{
	OWN_CODE_SCOPE;
	const struct limits limits = limits_of(&runtime_options);
	uint64_t end_ns = now_ns();
	struct outcome outcome = call_outcome(watch, end_ns, &limits);
	struct verdict verdict = { SEVERITY_NONE, 0 };
	struct turn *turn = watch->turn ? watch->turn : root_turn();
	struct trace_site *site = NULL;
	bool error = false;

	if (main_script_runs()) {
		if (!main_script_called(outcome.wall_ns)) {
			watch_erase();
			return;
		}
		root_turn_is_over();
	}
	if (call_reached_descriptor(watch, outcome.facts.slept)) {
		call_ask_again(watch, &outcome.facts);
		verdict = watch_judge(watch, &outcome.facts, &limits);
	}
	if (verdict.severity != SEVERITY_NONE) {
		enum excuse own = call_own_wait(watch, &outcome);
		enum excuse excuse = own ? own : call_offload(watch);
		bool excused = excuse != EXCUSE_NONE;

		if (!excused && allowance_take())
			excuse = EXCUSE_ALLOWED;
		call_log_excuse(watch, excuse);
		if (!excuse)
			site = watch_record(watch, verdict, &outcome, end_ns);
		if (site && !waits_for_user(watch))
			root_harm_called(site, watch->flags, watch->start_ns, outcome.wall_ns);
		if (site)
			call_repeat_learn(watch, verdict, &outcome, site);
		error = !excused && verdict.severity == SEVERITY_ERROR;
		/*
		 * Don't report a turn as long for time that its calls explain; allowed time does
		 * not count for the turn.
		 */
		if (turn && !allowance_is_open())
			watch_explain_turn(turn, watch, &outcome);
		if (turn && own)
			turn->own_waits_us += (uint32_t)(outcome.wall_ns / 1000);
		else if (turn && excused)
			turn->excused = true;
	}
	if (verdict.severity == SEVERITY_NONE)
		call_repeat_learn_harmless(watch, &outcome);
	output_end_note(watch, error, end_ns);
	watch_erase();
	if (site)
		alert_site(site, verdict.severity);
}

void call_watch_end(struct call_watch *watch)
{
	if (UNLIKELY(watch->roots))
		root_look_end();
	if (UNLIKELY(watch->idle != NULL))
		event_loop_goes_on(watch->idle, call_mutex(watch));
	if (!watch->active)
		return;
	if (watch->repeats && this_thread.slot && call_repeat_end(watch)) {
		this_thread.in_call = false;
		thread_arm();
		return;
	}
	this_thread.in_call = false;
	/* A forked child returns from its parent's call without a slot. */
	if (this_thread.slot)
		watch_end(watch);
	thread_arm();
}

/* The call was left without a visible end: keep what was recorded of it. */
COLD static void watch_abandon(struct trace_call_in_progress *call)
{
	OWN_CODE_SCOPE;
	const struct trace_call *record_of_call = trace_at(call->call);
	struct call_watch watch = { .call = (int)record_of_call->number,
				    .fd_made = -1,
				    .fd_hung_up = -1,
				    .subject = { .fd = -1 },
				    .kind = call->subject,
				    .flags = call->flags & ~SITE_ALLOWED,
				    .level = call->level,
				    .turn = this_thread.turn };
	uint64_t end_ns = now_ns();
	const struct limits limits = limits_of(&runtime_options);
	struct outcome outcome = {
		.wall_ns = end_ns - call->start_ns,
		.facts = { .class = call_infos[watch.call].class,
			   .no_events = watch.flags & SITE_SLEEPS },
	};
	struct trace_site *site = NULL;
	struct verdict verdict;

	outcome.facts.slept = outcome.wall_ns >= LIMIT_SHORTEST_SLEEP;
	outcome.facts.slept_ns = outcome.wall_ns;
	verdict = watch_judge(&watch, &outcome.facts, &limits);
	if (verdict.severity != SEVERITY_NONE && !(call->flags & SITE_ALLOWED) &&
	    !call_own_wait(&watch, &outcome) && !call_offload(&watch))
		site = watch_record(&watch, verdict, &outcome, end_ns);
	if (site) /* its loop may have ended for the same reason */
		site->confirmed = 1;
	watch_erase();
}

void call_watch_heal(uintptr_t frame)
{
	if (!this_thread.in_call || frame <= this_thread.call_frame ||
	    (frame != UINTPTR_MAX && !stack_was_left(this_thread.call_frame, frame)))
		return;
	this_thread.in_call = false;
	if (this_thread.slot && this_thread.slot->call.sequence & 1)
		watch_abandon(&this_thread.slot->call);
	thread_arm();
}

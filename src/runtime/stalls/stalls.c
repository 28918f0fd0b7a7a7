#include "stalls.h"

#include <string.h>

#include "judgement/limits.h"
#include "judgement/session.h"
#include "judgement/turn.h"
#include "runtime/trace/crowd.h"
#include "runtime/turns/executor.h"
#include "runtime/turns/task_types.h"
#include "runtime/base/runtime.h"
#include "runtime/process/alert.h"
#include "runtime/process/clients.h"
#include "runtime/process/phase.h"
#include "runtime/trace/sites.h"
#include "stall_look.h"
#include "stall_samples.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_times.h"
#include "runtime/turns/turn_usage.h"
#include "runtime/unwind/unwinder.h"

uint64_t stall_seen_for(const struct turn *turn)
{
	struct trace_look look;

	return stall_look_take(turn, &look) ? stall_look_seen_ns(&look) : 0;
}

static uint64_t warning_ns(void)
{
	return runtime_options.long_turn_warning_us * UINT64_C(1000);
}

/* How a long turn spent its time. */
struct course {
	uint64_t ns;	 /* without the time that its calls explain */
	uint64_t own_ns; /* part of it not lost to other programs */
	uint64_t off_cpu_ns;
	uint64_t slept_ns; /* part of that certainly asleep */
	enum trace_stall stall;
	bool crowded; /* the machine had more runnable threads than CPUs */
};

/*
 * Uses only the thread's resource usage. The usage covers slightly more than the turn, so the time
 * off the CPU comes out too short, never too long.
 */
static struct course course_by_usage(const struct turn *turn, uint64_t ns,
				     const struct turn_usage *end)
{
	uint64_t end_ns = now_ns(), cpu_ns, turns = 0, lost_ns;
	struct course course = { .ns = ns, .own_ns = ns };
	struct turn_usage usage;
	int64_t sleeps;

	if (end)
		usage = *end;
	else
		turn_usage_at(turn->start, &usage);
	if (usage.switches < 0 || this_thread.turn_usage.switches < 0) {
		course.stall = turn->sample ? STALL_BUSY : STALL_UNKNOWN;
		return course;
	}
	cpu_ns = usage.cpu_ns - this_thread.turn_usage.cpu_ns;
	course.off_cpu_ns = ns > cpu_ns ? ns - cpu_ns : 0;
	if (this_thread.turn_counter && *this_thread.turn_counter > this_thread.turn_usage.turns)
		turns = *this_thread.turn_counter - this_thread.turn_usage.turns;
	/*
	 * Each turn may have come after a wait. Switches in the turn's calls are already accounted
	 * to them.
	 */
	turns += turn->explained_switches;
	sleeps = usage.switches - this_thread.turn_usage.switches;
	lost_ns = crowd_lost(end_ns - ns, this_thread.turn_usage.delay_mark, end_ns);
	if (sleeps && lost_ns < course.off_cpu_ns)
		course.slept_ns = course.off_cpu_ns - lost_ns;
	if (course.off_cpu_ns > ns / 2 &&
	    (sleeps > (int64_t)turns || course.slept_ns >= warning_ns())) {
		course.stall = STALL_WAITING;
		if (course.slept_ns)
			course.own_ns = ns - course.off_cpu_ns + course.slept_ns;
		return course;
	}
	course.own_ns = ns - course.off_cpu_ns;
	/* A turn that slept at all is not reported as runnable. */
	course.stall = course.own_ns >= warning_ns() ? STALL_BUSY
		       : sleeps			     ? STALL_UNKNOWN
						     : STALL_RUNNABLE;
	return course;
}

static struct turn_facts turn_facts_of(const struct course *course, const struct trace_look *look)
{
	return (struct turn_facts){
		.ns = course->ns,
		.own_ns = course->own_ns,
		.slept_ns = course->slept_ns,
		.stall = course->stall,
		.wait = look ? turn_wait_of(look->system_call) : TURN_WAIT_UNKNOWN,
		.crowded = course->crowded,
		.looked = look != NULL,
	};
}

static void doubt_wait(struct course *course, const struct trace_look *look)
{
	const struct limits limits = limits_of(&runtime_options);
	const struct turn_facts facts = turn_facts_of(course, look);

	course->stall = turn_stall(&facts, &limits);
}

static struct course course_of(const struct turn *turn, uint64_t ns, const struct turn_usage *end,
			       const struct trace_look *look)
{
	uint64_t calls_ns = turn->explained_us * UINT64_C(1000);
	uint64_t explained = calls_ns < ns ? calls_ns : ns;
	struct course course = course_by_usage(turn, ns - explained, end);
	uint64_t seen_ns, waited_ns, end_ns = now_ns();

	course.crowded = crowd_between(end_ns - ns, end_ns);
	seen_ns = look ? stall_look_seen_ns(look) : 0;
	/*
	 * A short look says less than the usage of the whole turn. But for a root future the usage
	 * covers more than its poll.
	 */
	if (!look || (seen_ns < ns / 2 && !(look->turn & TRACE_ROOT_TURN))) {
		doubt_wait(&course, look);
		return course;
	}
	/* The usage covers more than the poll of a root future. */
	if (turn->root)
		course.off_cpu_ns = (uint64_t)((double)(seen_ns - look->ran_ns) * (double)ns /
					       (double)(seen_ns + 1));
	waited_ns = stall_look_waited_ns(look);
	waited_ns = waited_ns > explained ? waited_ns - explained : 0;
	/* Assume that the unseen part was like the seen part. */
	waited_ns = (uint64_t)((double)waited_ns * (double)ns / (double)(seen_ns + 1));
	course.own_ns = course.ns - course.off_cpu_ns + waited_ns;
	if (course.own_ns > course.ns)
		course.own_ns = course.ns;
	course.stall = course.own_ns < warning_ns() ? STALL_RUNNABLE
		       : look->ran_ns >= waited_ns  ? STALL_BUSY
						    : STALL_WAITING;
	doubt_wait(&course, look);
	return course;
}

/* Node's main script; less than a second of it is an ordinary start. */
static bool is_turn_of_script(const struct turn *turn)
{
	return turn->root & SITE_MAIN_SCRIPT && turn->executor->family == FAMILY_EVENT_LOOP;
}

static struct verdict stall_judge(const struct turn *turn, const struct course *course, bool seen,
				  const struct trace_look *look)
{
	const struct limits limits = limits_of(&runtime_options);
	struct turn_facts facts = turn_facts_of(course, look);
	struct verdict verdict;

	facts.place_known = seen || turn->type;
	facts.alone =
		turn->root && !is_turn_of_script(turn) && turn->root != SITE_ROOT_CURRENT_THREAD;
	verdict = turn_judge(&facts, &limits);
	if (verdict.severity > SEVERITY_NOTICE)
		session_judge(&verdict, turn->session);
	return verdict;
}

/* The samples may all be of a small part: the rest ran on a busy machine, or slept unseen. */
static bool is_well_sampled(const struct turn *turn, uint64_t ns)
{
	return turn->sample && turn_clock_ns(turn->sampled - turn->start) >= ns / LIMIT_SMALL_PART;
}

/* Sets the place of the finding: where the turn was seen, otherwise all that is known of it. */
static void stall_take_place(const struct turn *turn, const struct course *course,
			     const struct trace_look *look, struct stall_room *room,
			     struct site_key *key)
{
	const struct trace_site *seen =
		is_well_sampled(turn, course->ns) ? trace_at(turn->sample) : NULL;
	struct unwind_start here;

	key->frames = room->frames;
	if (look && look->depth && course->stall == STALL_WAITING) {
		key->depth = look->depth;
		memcpy(room->frames, look->frames, look->depth * sizeof *look->frames);
		key->system_call = look->system_call;
		key->channel = look->channel;
	} else if (seen) {
		const struct trace_stack *stack = trace_at(seen->stack);

		key->frames = stack->frames;
		key->depth = stack->depth;
		key->level = seen->level;
		key->flags = seen->flags;
		key->script = room->script;
		key->script_size =
			site_script(seen, room->script, sizeof room->script, &key->language);
		if (course->stall != STALL_WAITING)
			key->system_call = sample_shared_frames(&room->shared, turn->start, key);
	} else if (turn->type) {
		key->flags |= SITE_UNSEEN;
		room->frames[0] = task_type_poll(turn->type) + 1;
		key->depth = 1;
	} else {
		key->flags |= SITE_UNSEEN;
		UNWIND_HERE(&here);
		key->depth = unwinder_walk(&here, room->frames, NULL, TRACE_MAX_FRAMES);
	}
}

/* Attributes the turn to the call that took most of it, if that was not a small part. */
static void blame_call(const struct turn *turn, uint64_t ns)
{
	int most = -1;

	for (int i = 0; i < turn->finding_count; i++)
		if (turn->findings[i]->kind == SITE_BLOCKING_CALL &&
		    (most < 0 || turn->finding_us[i] > turn->finding_us[most]))
			most = i;
	if (most >= 0 && turn->finding_us[most] * UINT64_C(1000) >= ns / LIMIT_SMALL_PART)
		__atomic_fetch_add(&turn->findings[most]->long_turns, 1, __ATOMIC_RELAXED);
}

/* For work that is known to be the turn's own. */
static struct course busy_course(uint64_t ns)
{
	uint64_t end_ns = now_ns();

	return (struct course){
		.ns = ns,
		.own_ns = ns,
		.stall = STALL_BUSY,
		.crowded = crowd_between(end_ns - ns, end_ns),
	};
}

/*
 * Whether a client waited for its answer during a turn of `ns` that ended at `end_ns`, of a server
 * that had started by then: it has answered a client that is still connected, or accepted its first
 * one ten seconds before. A probe that waits for the end of the start does not count.
 */
static bool client_waited(uint64_t ns, uint64_t end_ns)
{
	uint64_t accepts_ns = phase_first_accept_ns();
	struct clients clients;

	/* Connections that other threads accept are answered by those. */
	if (!this_thread.accepts || !accepts_ns || accepts_ns > end_ns)
		return false;
	clients = clients_look(ns);
	return (clients.wait || clients.waited) &&
	       (clients.served || end_ns - accepts_ns > LIMIT_STARTUP);
}

/*
 * An ordinary main script. Or where the interpreter or a library waited: more of the turn may be
 * waits of theirs that no call shows, but its CPU time is its own.
 */
static bool is_not_the_turns_own(const struct turn *turn, const struct course *course, uint64_t ns)
{
	if (is_turn_of_script(turn) && course->own_ns < LIMIT_ROOT_HANG)
		return true;
	return turn->own_waits_us * UINT64_C(1000) >= ns / LIMIT_SMALL_PART &&
	       course->stall != STALL_BUSY;
}

static void record_long(struct turn *turn, uint64_t ns, const struct turn_usage *end)
{
	struct stall_room *room = stall_room();
	struct site_key key = { .kind = SITE_LONG_TURN,
				.call = -1,
				.executor = stall_executor(turn),
				.flags = turn->root };
	struct trace_look look;
	struct trace_site *site;
	struct course course;
	struct verdict verdict;
	bool looked;
	uint64_t busy_ns = turn->excused ? stall_busy_ns(turn) : 0, end_ns;

	if (turn->explained_us) {
		blame_call(turn, ns);
		if (turn->explained_us * UINT64_C(1000) + warning_ns() > ns)
			return;
	}
	/*
	 * The length of the part that may block is known only to one sample interval, and may
	 * include CPU time lost to other programs. So count only what was certainly the turn's own
	 * work.
	 */
	if (turn->excused && busy_ns < warning_ns())
		return;
	if (!room || !key.executor || this_thread.exempt || !trace_header())
		return;
	looked = !turn->excused && stall_look_take(turn, &look);
	if (turn->excused) {
		ns = busy_ns;
		course = busy_course(ns);
	} else {
		course = course_of(turn, ns, end, looked ? &look : NULL);
	}
	if (is_not_the_turns_own(turn, &course, ns))
		return;
	stall_take_place(turn, &course, looked ? &look : NULL, room, &key);
	key.subject = (uint8_t)course.stall;
	verdict = stall_judge(turn, &course, turn->sample || !(key.flags & SITE_UNSEEN),
			      looked ? &look : NULL);
	key.severity = verdict.severity;
	site = site_get(&key);
	if (!site) {
		if (key.severity == SEVERITY_ERROR)
			trace_lose_error();
		else
			trace_lose_event();
		return;
	}
	end_ns = now_ns();
	if (verdict.severity > SEVERITY_NOTICE)
		phase_found(ns, end_ns);
	site_count(site, verdict, ns, course.off_cpu_ns, end_ns);
	if (verdict.severity == SEVERITY_ERROR && turn->executor->family == FAMILY_EVENT_LOOP &&
	    client_waited(ns, end_ns))
		__atomic_fetch_add(&site->client_turns, 1, __ATOMIC_RELAXED);
	site->confirmed = 1;
	alert_site(site, verdict.severity);
}

void stall_ended(struct turn *turn, uint64_t ns, const struct turn_usage *end)
{
	OWN_CODE_SCOPE;
	uint64_t explained = turn->explained_us * UINT64_C(1000);

	record_long(turn, ns, end);
	/* Enclosing turns don't report again what this turn reported or excused. */
	if (ns > explained)
		turn_explain(turn->parent, ns - explained, 0);
}

#include "stalls.h"

#include <string.h>
#include <sys/syscall.h>

#include "runtime/trace/crowd.h"
#include "runtime/turns/executor.h"
#include "runtime/turns/task_types.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/sites.h"
#include "stall_samples.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn_times.h"
#include "runtime/turns/turn_usage.h"
#include "runtime/unwind/unwinder.h"

#define DOUBTFUL_WAIT 4 /* turns that are errors; 1.2 were measured */
#define SMALL_PART    8 /* an eighth of a turn is no reason for its length */

/* What was seen from outside, of this very turn. False: nothing. */
static bool take_look(const struct turn *turn, struct trace_look *look)
{
	const struct trace_look *written;
	uint32_t sequence;

	if (!turn_times->look)
		return false;
	written = trace_at(turn_times->look);
	sequence = __atomic_load_n(&written->sequence, __ATOMIC_ACQUIRE);
	memcpy(look, written, sizeof *look);
	if (sequence & 1 || __atomic_load_n(&written->sequence, __ATOMIC_ACQUIRE) != sequence)
		return false;
	return look->turn == turn->start && look->depth <= TRACE_LOOK_FRAMES;
}

uint64_t stall_seen_for(const struct turn *turn)
{
	struct trace_look look;

	return take_look(turn, &look) ? look.last_ns - look.since_ns : 0;
}

static uint64_t warning_ns(void)
{
	return runtime_options.long_turn_warning_us * UINT64_C(1000);
}

/* How a long turn passed. */
struct course {
	uint64_t ns;	 /* less what its calls explain */
	uint64_t own_ns; /* of it not lost to other programs */
	uint64_t off_cpu_ns;
	enum trace_stall stall;
	bool crowded; /* others had the processors */
};

/*
 * What only the thread's own use of the processor tells. It is that of a little more than the turn:
 * so of the time off the processor it tells too little, never too much.
 */
static struct course course_by_usage(const struct turn *turn, uint64_t ns,
				     const struct turn_usage *end)
{
	struct turn_usage usage;
	struct course course = { .ns = ns, .own_ns = ns };
	uint64_t cpu_ns, turns = 0;

	if (end)
		usage = *end;
	else
		turn_usage_at(turn->start, &usage);
	if (usage.switches < 0 || turn_usage.switches < 0) {
		course.stall = turn->sample ? STALL_BUSY : STALL_UNKNOWN;
		return course;
	}
	cpu_ns = usage.cpu_ns - turn_usage.cpu_ns;
	course.off_cpu_ns = ns > cpu_ns ? ns - cpu_ns : 0;
	if (this_thread.turn_counter && *this_thread.turn_counter > turn_usage.turns)
		turns = *this_thread.turn_counter - turn_usage.turns;
	/* Each turn may have come after a wait; those of its calls are theirs. */
	turns += turn->explained_switches;
	if (course.off_cpu_ns > ns / 2 && usage.switches - turn_usage.switches > (int64_t)turns) {
		course.stall = STALL_WAITING;
		return course;
	}
	course.own_ns = ns - course.off_cpu_ns;
	course.stall = course.own_ns >= warning_ns() ? STALL_BUSY : STALL_RUNNABLE;
	return course;
}

static bool waits_in(const struct trace_look *look, const uint32_t *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (look->system_call == calls[i] + 1)
			return true;
	return false;
}

/*
 * A lock within libc, the kernel's own of the memory map: held for microseconds, and longer only
 * where its holder has no processor.
 */
static bool waits_for_short_lock(const struct trace_look *look)
{
	static const uint32_t calls[] = { SYS_futex,   SYS_mmap,   SYS_munmap, SYS_mprotect,
					  SYS_madvise, SYS_mremap, SYS_brk };

	return waits_in(look, calls, ARRAY_SIZE(calls));
}

/* Until the child executes a program, as in judgement.c: asynchronous libraries do it too. */
static bool waits_for_child_to_begin(const struct trace_look *look)
{
	static const uint32_t calls[] = { SYS_vfork, SYS_clone, SYS_clone3 };

	return waits_in(look, calls, ARRAY_SIZE(calls));
}

/*
 * Where others had the processors, a thread that slept for a moment may have waited for one for the
 * rest of the time: so may one of whom it was not seen what it waited for, or that waited for a
 * short lock. Nobody is kept waiting so for several times as long as a turn that is an error.
 */
static void doubt_wait(struct course *course, const struct trace_look *look)
{
	if (course->stall == STALL_WAITING && course->crowded &&
	    course->own_ns < DOUBTFUL_WAIT * runtime_options.long_turn_error_us * UINT64_C(1000) &&
	    (!look || !look->system_call || waits_for_short_lock(look)))
		course->stall = STALL_RUNNABLE;
}

static struct course course_of(const struct turn *turn, uint64_t ns, const struct turn_usage *end,
			       const struct trace_look *look)
{
	uint64_t calls_ns = turn->explained_us * UINT64_C(1000);
	uint64_t explained = calls_ns < ns ? calls_ns : ns;
	struct course course = course_by_usage(turn, ns - explained, end);
	uint64_t seen_ns, waited_ns, end_ns = now_ns();

	course.crowded = crowd_between(end_ns - ns, end_ns);
	seen_ns = look ? look->last_ns - look->since_ns : 0;
	/* A glance tells less than the whole turn's use of the processor; but that is of more than
	 * a root future's poll. */
	if (!look || (seen_ns < ns / 2 && !(look->turn & TRACE_ROOT_TURN))) {
		doubt_wait(&course, look);
		return course;
	}
	/* Of that, more than the poll is known. */
	if (turn->root)
		course.off_cpu_ns = (uint64_t)((double)(seen_ns - look->ran_ns) * (double)ns /
					       (double)(seen_ns + 1));
	waited_ns = look->ran_ns + look->runnable_ns < seen_ns
			    ? seen_ns - look->ran_ns - look->runnable_ns
			    : 0;
	waited_ns = waited_ns > explained ? waited_ns - explained : 0;
	/* What was not seen of it was as what was. */
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

/*
 * On processors that others share, the same work takes up to half as much time again: caches are
 * cold, and a sibling's core or another machine's share counts as the thread's own time.
 */
static enum severity judge(const struct turn *turn, const struct course *course, bool seen,
			   const struct trace_look *look)
{
	enum severity severity = SEVERITY_NOTICE;
	uint64_t own_ns = course->own_ns;

	if (course->crowded && course->stall == STALL_BUSY)
		own_ns = own_ns * 2 / 3;
	if (own_ns >= runtime_options.long_turn_error_us * UINT64_C(1000))
		severity = SEVERITY_ERROR;
	else if (own_ns >= warning_ns())
		severity = SEVERITY_WARNING;
	if (course->stall == STALL_RUNNABLE)
		return SEVERITY_NOTICE;
	if (course->stall == STALL_WAITING && look && waits_for_child_to_begin(look))
		return SEVERITY_NOTICE;
	/* What a disk takes, as in judgement.c: the page may have been in memory. */
	if (course->stall == STALL_WAITING && look && look->system_call == TRACE_PAGE_FAULT &&
	    severity == SEVERITY_WARNING)
		return SEVERITY_NOTICE;
	/* It freezes only itself, or may have been several polls. */
	if (turn->root && turn->root != SITE_ROOT_CURRENT_THREAD)
		return SEVERITY_NOTICE;
	/* That it slept of its own will is a guess, unless it was seen asleep; and so is whether
	 * the holder of a short lock did. */
	if (course->stall != STALL_BUSY && severity > SEVERITY_WARNING &&
	    (!look || (course->crowded && waits_for_short_lock(look))))
		severity = SEVERITY_WARNING;
	/* Nobody can be told where to look. */
	if (!seen && !turn->type && severity > SEVERITY_NOTICE)
		severity--;
	return severity;
}

/* The place of the finding: where the turn was seen, else all that is known of it. */
static void take_place(const struct turn *turn, const struct course *course,
		       const struct trace_look *look, struct stall_room *room, struct site_key *key)
{
	const struct trace_site *seen = turn->sample ? trace_at(turn->sample) : NULL;
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

/* The call that took most of the turn made it long, if that was no small part. */
static void blame_call(const struct turn *turn, uint64_t ns)
{
	int most = -1;

	for (int i = 0; i < turn->finding_count; i++)
		if (turn->findings[i]->kind == SITE_BLOCKING_CALL &&
		    (most < 0 || turn->finding_us[i] > turn->finding_us[most]))
			most = i;
	if (most >= 0 && turn->finding_us[most] * UINT64_C(1000) >= ns / SMALL_PART)
		__atomic_fetch_add(&turn->findings[most]->long_turns, 1, __ATOMIC_RELAXED);
}

static void tell_long(struct turn *turn, uint64_t ns, const struct turn_usage *end)
{
	struct stall_room *room = stall_room();
	struct site_key key = { .kind = SITE_LONG_TURN,
				.call = -1,
				.executor = stall_executor(turn),
				.flags = turn->root };
	struct trace_look look;
	struct trace_site *site;
	struct course course;
	enum severity severity;
	bool looked;

	if (turn->explained_us) {
		blame_call(turn, ns);
		if (turn->explained_us * UINT64_C(1000) + warning_ns() > ns)
			return;
	}
	/* How long the part lasted is known to a sample's distance alone, and what others had of
	 * the processor meanwhile may be its too: the rest accuses nobody. */
	if (turn->excused || turn->own_waits_us * UINT64_C(1000) >= ns / SMALL_PART)
		return;
	if (!room || !key.executor || this_thread.exempt || !trace_header())
		return;
	looked = take_look(turn, &look);
	course = course_of(turn, ns, end, looked ? &look : NULL);
	take_place(turn, &course, looked ? &look : NULL, room, &key);
	key.subject = (uint8_t)course.stall;
	severity = judge(turn, &course, !(key.flags & SITE_UNSEEN), looked ? &look : NULL);
	key.severity = severity;
	site = site_get(&key);
	if (!site) {
		trace_lose_event();
		return;
	}
	site_count(site, severity, ns, course.off_cpu_ns, now_ns());
	site->confirmed = 1;
}

void stall_ended(struct turn *turn, uint64_t ns, const struct turn_usage *end)
{
	OWN_CODE_SCOPE;
	uint64_t explained = turn->explained_us * UINT64_C(1000);

	tell_long(turn, ns, end);
	/* Those around it are not told again what this one was, or need not be. */
	if (ns > explained)
		turn_explain(turn->parent, ns - explained, 0);
}

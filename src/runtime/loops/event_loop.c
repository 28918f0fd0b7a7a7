/*
 * Event loops. A thread that waits repeatedly at the same place is a loop: the same call site at
 * the same stack depth, in a known library or, in the program itself, on an epoll instance or
 * several descriptors. A turn lasts from a wait's return to the next wait.
 *
 * The stack shows what belongs to the loop: at a loop's first wait, the places of the return
 * addresses above it are noted. While the loop's function runs, the places above it keep their
 * values; code that runs after the loop has overwritten some of them, or lies above them.
 */
#include "event_loop.h"

#include <string.h>

#include "runtime/libc/prototypes.h"
#include "runtime/futures/main_script.h"
#include "runtime/futures/root_look.h"
#include "runtime/futures/root_turn.h"
#include "runtime/locks/held.h"
#include "runtime/modules/modules.h"
#include "runtime/base/events.h"
#include "runtime/base/runtime.h"
#include "runtime/process/alert.h"
#include "runtime/turns/stack_switch.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_times.h"
#include "runtime/turns/executor.h"
#include "loop.h"
#include "loop_library.h"
#include "loop_pool.h"
#include "loop_start.h"
#include "loop_table.h"
#include "named.h"
#include "runtime/tasks/task_module.h"
#include "runtime/futures/task_root.h"

static THREAD_LOCAL struct loop starting; /* before its first wait: see loop_start.h */

/* A signal handler may already have done the same in this thread. NULL: it did. */
static void leave_turn(struct loop *loop)
{
	bool has_turn = loop && loop->has_turn;

	if (!loop)
		return;
	/*
	 * The end of the loop itself is not seen. If samples can check it, it was still running at
	 * the last sample.
	 */
	if (has_turn && loop->function && loop->turn.sampled)
		loop->turn.left = true;
	else
		turn_times_untimed(&loop->turn);
	loop->has_turn = false;
	if (has_turn)
		turn_end(&loop->turn);
	if (this_thread.loop == loop)
		this_thread.loop = loop->outer && loop->outer->has_turn ? loop->outer : NULL;
	this_thread.loop_has_fds = this_thread.loop != NULL;
	this_thread.loop_learns = this_thread.loop && loop_learns(this_thread.loop);
}

void event_loop_left(void)
{
	if (this_thread.loop)
		leave_turn(this_thread.loop);
}

bool event_loop_level(uintptr_t frame, uint16_t *level)
{
	bool reaches = loop_reaches(this_thread.loop, frame, level);

	if (!reaches) /* the library's function has returned */
		leave_turn(this_thread.loop);
	return reaches;
}

void event_loop_descriptors_closed(unsigned first, unsigned last)
{
	/* Asked once: a signal handler that closes descriptors changes it. */
	struct loop *loop = this_thread.loop, *outer = loop ? loop->outer : NULL;

	if (loop && loop_is_over_without(loop, first, last)) {
		leave_turn(loop);
		loop->outer = NULL;
	} else if (outer && loop_is_over_without(outer, first, last)) {
		loop->outer = NULL;
	}
}

void event_loops_forget(void)
{
	loop_table_forget();
	loop_pools_forget();
	this_thread.loop = NULL;
	this_thread.loop_has_fds = false;
}

/* Its records count only if the outer loop waits again. */
static void loop_doubt_findings(const struct turn *turn)
{
	for (unsigned i = 0; i < turn->finding_count; i++)
		if (!turn->findings[i]->confirmed)
			turn->findings[i]->confirmed = TRACE_DOUBTED;
}

/*
 * A wait for other descriptors in a turn of `outer`, a loop of no known library. Either it is a
 * call that blocks the turn, or `outer` has ended (a start-up loop that left its descriptor open)
 * and this is the next loop. If it waits repeatedly it is a loop, until `outer` waits again.
 * Returns NULL for a call.
 */
static struct loop *inner_loop(struct loop *outer, const struct loop_wait *wait)
{
	struct loop *inner;

	if (outer->known || outer->outer || loop_polls_few(wait))
		return NULL;
	inner = loop_table_find(wait);
	if (!inner || loop_level_at(inner, wait->frame) != 0)
		inner = inner ? loop_describe(inner, wait)
			      : loop_table_take(wait, this_thread.loop);
	if (!inner->executor || inner->is_call || inner == outer)
		return NULL;
	if (loop_polled(outer, wait)) {
		leave_turn(outer);
		return inner;
	}
	if (outer->inner != inner) {
		outer->inner = inner;
		outer->inner_waits = 0;
	}
	if (++outer->inner_waits < runtime_options.loop_waits)
		return NULL;
	turn_times_untimed(&outer->turn);
	loop_doubt_findings(&outer->turn);
	inner->outer = outer;
	return inner;
}

/* Whether the current turn's loop has ended, because the one around it waits. */
static bool outer_waits(const struct loop *inner, const struct loop_wait *wait)
{
	const struct loop *outer = inner->outer;

	return outer && outer->caller == wait->caller && outer->frame == wait->frame &&
	       loop_level_at(outer, wait->frame) == 0;
}

/* The loop that makes this wait; NULL if it is another wait within a loop's turn. */
static struct loop *loop_that_waits(const struct loop_wait *wait)
{
	struct loop *loop = this_thread.loop;

	if (loop && outer_waits(loop, wait)) {
		leave_turn(loop);
		loop->outer = NULL;
		loop = this_thread.loop;
	}
	if (loop) {
		if (loop->caller == wait->caller && loop->frame == wait->frame) {
			if (loop_level_at(loop, wait->frame) == 0 ||
			    loop_was_specialised(loop, wait))
				return loop;
			/* The same function called from elsewhere is another loop. */
			leave_turn(loop);
			return loop_describe(loop, wait);
		}
		/* Its second call site, or a nested run of the same loop: also its own wait. */
		if (loop_shares_descriptors(loop, wait))
			return loop;
		/*
		 * Further out than the loop was ever seen to reach: it has ended, unless it waits
		 * again.
		 */
		if ((loop->known || loop->highest <= loop->executor->level ||
		     loop_table_begins_none(wait, loop)) &&
		    !(wait->may_wait && loop_library_waits_alone(wait->caller)))
			return inner_loop(loop, wait);
		leave_turn(loop);
	}
	loop = loop_table_find(wait);
	if (!loop)
		return loop_table_take(wait, this_thread.loop);
	loop->outer = NULL;
	if (loop->executor ? loop_level_at(loop, wait->frame) != 0 : loop_is_to_look_at(loop)) {
		unsigned refused = loop->refused;

		loop = loop_describe(loop, wait);
		loop->refused = refused;
	}
	return loop;
}

void event_loop_learn(uintptr_t frame)
{
	uint16_t level;

	if (this_thread.loop)
		event_loop_level(frame, &level);
}

static void loop_confirm_findings(const struct turn *turn)
{
	for (unsigned i = 0; i < turn->finding_count; i++) {
		turn->findings[i]->confirmed = 1;
		alert_confirmed(turn->findings[i]);
	}
}

void event_loop_exits(uintptr_t frame)
{
	struct loop *loop = this_thread.loop;
	uint16_t level;

	/* A call of exit as high on the stack as the wait itself comes from code after the loop. */
	if (loop && loop->executor &&
	    (frame < loop->frame ||
	     (frame != UINTPTR_MAX && !stack_was_left(loop->frame, frame))) &&
	    event_loop_level(frame, &level) && level <= loop->executor->level)
		loop_confirm_findings(&loop->turn);
	if (this_thread.loop && this_thread.loop->function && this_thread.loop->turn.sampled) {
		this_thread.loop->turn.left = true;
		turn_times_end(&this_thread.loop->turn);
	}
}

/* A lock that the pool's threads take turns by is not held across a yield: it is the wait's. */
static COLD void keep_hand_over_lock(struct loop *loop)
{
	uintptr_t lock = this_thread.last_lock;
	const struct known_stack *taken = held_taken_at(lock);

	if (taken && loop_pool_hands_over(loop, lock, taken->data, taken->depth))
		held_hands_over(&loop->turn, lock);
}

/*
 * The loop waits: its turn is over. Its records count, unless the loop's function was left and
 * entered again in between: some of them may then belong to the code between.
 */
static void end_turn(struct loop *loop, struct loop_wait *wait)
{
	bool left;

	if (!loop->has_turn)
		return;
	if (loop->inner && loop->inner_waits >= runtime_options.loop_waits)
		loop->inner->is_call = true;
	loop->inner = NULL;
	loop_learn_reach(loop);
	left = !loop->known && loop->executor && loop->highest > loop->executor->level;
	wait->finding_count = loop->turn.finding_count;
	memcpy(wait->findings, loop->turn.findings, sizeof wait->findings);
	if (UNLIKELY(this_thread.holds_any)) {
		if (loop->pool && loop_pool_is_shared(loop->pool))
			keep_hand_over_lock(loop);
		held_yielded(&loop->turn, YIELD_TURN_END);
	}
	/* Records from further out than the loop reaches are filtered by their level. */
	loop_confirm_findings(&loop->turn);
	if (!left) {
		turn_end(&loop->turn);
		loop->has_turn = false;
	}
	leave_turn(loop);
	loop->highest = 0;
}

/* libuv submits its epoll_ctl calls through a ring: this is not a wait. */
static bool is_ring_of_library(const struct loop_wait *wait)
{
	const struct module *module;

	if (wait->call != CALL_io_uring_enter || !runtime_started)
		return false;
	module = modules_find(wait->caller);
	return !module || !module->is_program || module == event_loop_library() ||
	       module_symbol(module, "uv_run");
}

/*
 * Fast path: a fully identified loop waits at its known call site, after a turn without a finding.
 * Each wait comes after a sleep that cooled the caches, so this touches few cache lines and calls
 * nothing that is watched or sets errno. Budget with begin_turn: 60 ns, of which the clock takes
 * 15.
 */
static inline bool ends_settled_turn(struct loop_wait *wait)
{
	struct thread_state *self = &this_thread;
	struct loop *loop = this_thread.loop;

	if (!self->armed || !loop || self->turn != &loop->turn || !loop->settled ||
	    loop->caller != wait->caller || loop->frame != wait->frame ||
	    loop->turn.finding_count || self->holds_any || loop_level_at(loop, wait->frame) != 0)
		return false;
	wait->settled = true;
	wait->loop = loop;
	loop->highest = 0;
	turn_end(&loop->turn);
	loop->has_turn = false;
	leave_turn(loop);
	return true;
}

static inline void begin_turn(struct loop *loop)
{
	loop->turn.address = 0;
	loop->has_turn = true;
	loop->inner = NULL;
	this_thread.loop = loop;
	this_thread.loop_has_fds = true;
	this_thread.loop_learns = loop_learns(loop);
	turn_begin(&loop->turn, loop->executor, TURN_TASK);
	loop->turn.session = loop->session;
}

struct loop *event_loop_goes_idle(void)
{
	struct loop *loop = this_thread.loop;

	/* The turn's records count: an idle member has handled its events. */
	loop_confirm_findings(&loop->turn);
	if (UNLIKELY(this_thread.holds))
		held_yielded(&loop->turn, YIELD_TURN_END);
	turn_end(&loop->turn);
	loop->has_turn = false;
	leave_turn(loop);
	return loop;
}

void event_loop_goes_on(struct loop *loop, uintptr_t lock)
{
	this_thread.last_lock = lock;
	/* Unless a signal handler took the entry, or the process is a forked child. */
	if (loop->caller && !this_thread.turn)
		begin_turn(loop);
}

void event_loop_starts(uintptr_t caller, uintptr_t frame, uintptr_t run_place)
{
	const struct loop_wait clock_read = { .caller = caller, .frame = frame, .epoll_fd = -1 };

	loop_describe(&starting, &clock_read);
	if (!starting.known || !starting.executor)
		return;
	starting.run_place = run_place;
	begin_turn(&starting);
}

void event_loop_starts_again(uintptr_t caller, uintptr_t frame)
{
	if (this_thread.loop == &starting && starting.caller == caller && starting.frame == frame)
		leave_turn(&starting);
}

static COLD void pool_wait_begins(const struct loop_wait *wait, bool in_turn)
{
	struct loop_pool *pool = wait->loop->pool;

	if (!pool || loop_polls_few(wait))
		return;
	if (wait->may_wait)
		loop_pool_waits(pool, in_turn, this_thread.last_lock);
	else
		loop_pool_looks(pool);
}

/* Slow path, for all other waits. */
static COLD bool begin_wait(struct loop_wait *wait)
{
	struct thread_state *self = &this_thread;
	const struct task_module *module;
	uint16_t level;
	bool in_turn;

	wait->named = false;
	own_code_heal((void *)wait->frame);
	if (UNLIKELY(self->in_call))
		event_call_was_left(wait->frame);
	if (is_ring_of_library(wait))
		return false;
	if (!runtime_started || self->own_code || self->in_call || self->dead)
		return false;
	if (main_script_runs()) {
		wait->nested = main_script_goes_on();
		if (wait->nested)
			return true;
		root_turn_is_over();
	}
	if (this_thread.loop && self->turn == &this_thread.loop->turn) {
		OWN_CODE_SCOPE;
		event_loop_level(wait->frame, &level);
	}
	wait->named = named_thread_waits();
	if (wait->named)
		return true;
	/* A wait within a turn that is not made by the turn's loop. */
	if (self->turn && !(this_thread.loop && self->turn == &this_thread.loop->turn)) {
		wait->nested = self->armed;
		return wait->nested;
	}
	module = task_module_of(wait->caller);
	if (module) {
		/*
		 * The runtime parks only in its epoll instance; a poll() belongs to the root
		 * future.
		 */
		if (wait->epoll_fd >= 0)
			wait->roots = task_thread_parks(module, wait->frame);
		else
			wait->nested = this_thread.armed;
		return wait->nested || wait->roots;
	}
	{
		OWN_CODE_SCOPE;
		if (this_thread.loop == &starting && loop_start_waits(starting.run_place))
			end_turn(&starting, wait);
		wait->loop = loop_that_waits(wait);
		if (wait->loop) {
			in_turn = wait->loop->has_turn;
			end_turn(wait->loop, wait);
			loop_count_wait(wait->loop, wait);
			pool_wait_begins(wait, in_turn);
		}
	}
	if (!wait->loop)
		wait->nested = this_thread.armed;
	return true;
}

bool loop_wait_begin(struct loop_wait *wait)
{
	wait->settled = false;
	wait->nested = false;
	wait->roots = false;
	wait->loop = NULL;
	wait->finding_count = 0;
	return LIKELY(ends_settled_turn(wait)) || begin_wait(wait);
}

/* Events that became ready while the thread was blocked are the damage. */
static void add_harm(const struct loop_wait *wait, int result)
{
	for (unsigned i = 0; i < wait->finding_count; i++) {
		if (result > 0)
			__atomic_fetch_add(&wait->findings[i]->harm_events, (uint64_t)result,
					   __ATOMIC_RELAXED);
		__atomic_fetch_add(&wait->findings[i]->harm_turns, 1, __ATOMIC_RELAXED);
	}
}

static COLD void end_wait(struct loop_wait *wait, int result)
{
	struct loop *loop = wait->loop;

	if (wait->named) {
		named_thread_goes_on();
		return;
	}
	if (wait->roots) {
		root_look_end();
		return;
	}
	if (!loop || !loop->executor || loop->caller == 0)
		return;
	OWN_CODE_SCOPE;
	if (trace_header())
		add_harm(wait, result);
	loop_note_descriptors(loop, wait);
	/* Any code may poll one descriptor: no turn, until it polls several. */
	if (!loop->known && loop_polls_few(wait))
		return;
	loop->settled = wait->epoll_fd >= 0 && !loop_learns(loop) &&
			(loop->known || loop->waits >= runtime_options.loop_waits) &&
			!(loop->pool && loop_pool_is_shared(loop->pool));
	if (!loop->known && loop->waits >= runtime_options.loop_waits)
		loop_session(loop);
	begin_turn(loop);
	/* A look without a wait does not part the lock taken before it from the wait after it. */
	if (wait->may_wait) {
		this_thread.last_lock = 0;
		if (loop->pool)
			loop_pool_waited(loop->pool);
	}
	if (!loop->place_recorded) {
		loop->place_recorded = true;
		turn_times_waits_at(loop->values, loop->place_count);
	}
}

void loop_wait_end(struct loop_wait *wait, int result)
{
	/* A signal handler that waited in the meantime may have taken the entry. */
	if (LIKELY(wait->settled && wait->loop->caller == wait->caller && !this_thread.own_code))
		begin_turn(wait->loop);
	else
		end_wait(wait, result);
}

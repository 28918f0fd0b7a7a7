/* Handles the locks that a turn still holds when it ends. */
#include <string.h>

#include "runtime/base/counter.h"
#include "runtime/turns/allowance.h"
#include "runtime/turns/executor.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"
#include "held.h"
#include "lock_sites.h"
#include "lock_state.h"

/* `owner`: the table that has the entry, which may be another thread's. */
static void leave_behind(const struct held_table *owner, struct held_lock *held)
{
	struct held_table *own = held_table_take();
	struct trace_lock_site *site;

	if (allowance_take() || !own || !trace_open())
		return;
	site = lock_site_get(LOCK_LEFT_BEHIND, held, owner, KNOWN_STACK_HERE(&own->memory));
	held->task = NULL;
	if (!site)
		return;
	counter_add(&site->count, 1);
	site->last_ns = now_ns();
}

/* Successive turns of a loop are the same code; turns of different tasks are not. */
static bool yields_again(const struct held_lock *held, const struct turn *turn)
{
	return held->flags & HELD_SUSPENDED && !(held->flags & HELD_GONE) &&
	       held->executor == turn->executor && held->task == turn->task;
}

/*
 * If more locks than this are held, keep the recorded yields: otherwise every turn would look at
 * all locks.
 */
#define FEW_LOCKS 64

static void count_yields(struct held_table *table, const struct turn *turn)
{
	if (this_thread.holds > FEW_LOCKS)
		return;
	if (table->slots->capacity > 4 * FEW_LOCKS)
		held_shrink(table);
	for (uint32_t i = 0; i < table->slots->capacity; i++) {
		struct held_lock *held = &table->slots->entries[i];

		while (held->lock && held->flags & HELD_GONE)
			held_remove(table, held);
		if (!held->lock || !yields_again(held, turn))
			continue;
		held->yields++;
		if (held->site)
			counter_add(&((struct trace_lock_site *)trace_at(held->site))->yields, 1);
	}
}

/* In Python each await has its own place, and the loop's wait is not a place in the program. */
static const struct known_stack *await_of(const struct held_lock *held,
					  const struct known_stack *yielded)
{
	const struct known_stack *await = NULL;

	if (held->stack->places && held->coroutine_frame)
		await = known_stack_of_coroutine(held->stack, held->coroutine_frame);
	return await ? await : yielded;
}

static void held_suspend(struct held_table *table, struct held_lock *held,
			 const struct known_stack *yielded, enum held_yield yield)
{
	struct trace_lock_site *site;

	held->task = held->turn->task;
	held->type = held->turn->type;
	held->turn = NULL;
	held->flags |= HELD_SUSPENDED;
	held->site = 0;
	yielded = await_of(held, yielded);
	site = allowance_take() ? NULL : lock_site_get(LOCK_ACROSS_YIELD, held, table, yielded);
	if (held->stack->caller_only && held->executor)
		held->executor->keeps_stacks = QUIET_KEEPS;
	held->since_ns = now_ns();
	held->yields = 1;
	__atomic_fetch_add(&turns_suspended_holding, 1, __ATOMIC_RELAXED);
	if (!site)
		return;
	if (yield == YIELD_COROUTINE)
		site->flags |= LOCK_SITE_COROUTINE;
	held->site = trace_offset(site);
	counter_add(&site->count, 1);
	counter_add(&site->yields, 1);
	counter_add(&site->open, 1);
	site->open_since_ns = site->last_ns = held->since_ns;
}

void held_settle(struct held_lock *held)
{
	struct trace_lock_site *site = held->site ? trace_at(held->site) : NULL;
	uint64_t now = now_ns(), held_ns = now - held->since_ns, longest;

	__atomic_fetch_sub(&turns_suspended_holding, 1, __ATOMIC_RELAXED);
	if (!site)
		return;
	longest = __atomic_load_n(&site->max_ns, __ATOMIC_RELAXED);
	while (held_ns > longest &&
	       !__atomic_compare_exchange_n(&site->max_ns, &longest, held_ns, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	counter_add(&site->total_ns, held_ns);
	__atomic_fetch_sub(&site->open, 1, __ATOMIC_RELAXED);
	site->last_ns = now;
}

void held_tell_waited(const struct held_lock *held, bool in_turn)
{
	struct trace_lock_site *site = held->site ? trace_at(held->site) : NULL;

	if (site)
		counter_add(in_turn ? &site->turns_waited : &site->threads_waited, 1);
}

/*
 * Fast path: most turns that hold a lock hold only this one. Found without a look at locks that
 * other tasks hold.
 */
static struct held_lock *held_latest(struct held_table *table, const struct turn *turn)
{
	struct held_lock *held = table->last;

	return held->lock && held->turn == turn ? held : NULL;
}

/*
 * Iterates over the other locks that `turn` took. An entry that is removed may be replaced by
 * another.
 */
#define FOR_LOCKS_OF(held, table, of)                                                              \
	for (struct held_lock *held = (table)->slots->entries,                                     \
			      *end = held + (table)->slots->capacity;                              \
	     (of)->locks && held < end; held++)                                                    \
		while (held->lock && held->turn == (of))

/* An event loop's function returned: the locks now belong to the code around the loop. */
static void drop_all(struct turn *turn)
{
	if (!turn->locks)
		return;
	FOR_LOCKS_OF(held, this_thread.held, turn)
	held_remove(this_thread.held, held);
	turn->locks = 0;
}

/* Reported late: who released the lock, and where, is no longer known. */
static void report_foreign_unlock(const struct held_table *table, const struct held_lock *held,
				  const struct known_stack *here)
{
	struct trace_lock_site *site =
		allowance_take() ? NULL
				 : lock_site_get(LOCK_FOREIGN_UNLOCK_SEEN_LATE, held, table, here);

	if (!site)
		return;
	counter_add(&site->count, 1);
	site->last_ns = now_ns();
}

static void yield_one(struct held_table *table, struct held_lock *held,
		      const struct known_stack *here, enum held_yield yield)
{
	struct turn *turn = held->turn;

	turn->locks--;
	if (!(held->flags & (HELD_GONE | HELD_RESTING)) &&
	    lock_is_held_by(held->lock, held->kind, table->tid)) {
		held_suspend(table, held, here, yield);
		return;
	}
	if (!held->flags && lock_was_released_by_another(held->lock, held->kind))
		report_foreign_unlock(table, held, here);
	held_remove(table, held);
}

/* The resumer of a coroutine merely waits for it, as for a function that it calls. */
static bool is_callers(const struct held_lock *held, enum held_yield yield)
{
	return yield == YIELD_COROUTINE && held->coroutine != this_thread.coroutine;
}

void held_yielded(struct turn *turn, enum held_yield yield)
{
	struct held_table *table;
	const struct known_stack *here;
	struct held_lock *last;
	uint32_t left = 0;
	OWN_CODE_SCOPE;

	if (this_thread.quiet)
		held_quiet_end();
	table = this_thread.held;
	if (!table || !trace_open())
		return;
	count_yields(table, turn);
	if (!turn->locks)
		return;
	here = KNOWN_STACK_HERE(&table->memory);
	last = held_latest(table, turn);
	if (last && !is_callers(last, yield))
		yield_one(table, last, here, yield);
	FOR_LOCKS_OF(held, table, turn)
	{
		if (is_callers(held, yield)) {
			left++;
			break;
		}
		yield_one(table, held, here, yield);
	}
	turn->locks = left;
}

const struct known_stack *held_taken_at(uintptr_t lock)
{
	const struct held_lock *held;

	if (this_thread.quiet)
		held_quiet_end();
	held = this_thread.held ? held_find(this_thread.held, lock) : NULL;
	return held && held->turn ? held->stack : NULL;
}

void held_hands_over(struct turn *turn, uintptr_t lock)
{
	struct held_table *table = this_thread.held;
	struct held_lock *held = table ? held_find(table, lock) : NULL;
	struct trace_lock_site *site;

	if (!held || held->turn != turn)
		return;
	turn->locks--;
	held->type = turn->type;
	held->flags |= HELD_SUSPENDED; /* as it was when the site was made */
	site = lock_site_find(LOCK_ACROSS_YIELD, held, KNOWN_STACK_HERE(&table->memory));
	held->flags &= (uint8_t)~HELD_SUSPENDED;
	if (site)
		site->flags |= LOCK_SITE_HANDS_OVER;
	held_remove(table, held);
}

void held_turn_ends(struct turn *turn)
{
	OWN_CODE_SCOPE;

	if (this_thread.quiet)
		held_quiet_end();
	if (turn->outcome == OUTCOME_CANCELLED)
		held_task_ends(turn->task);
	if (turn->executor && (turn->executor->family == FAMILY_EVENT_LOOP ||
			       turn->executor->family == FAMILY_OPTION))
		drop_all(turn);
	else
		held_yielded(turn, YIELD_TURN_END);
}

void held_task_ends(const void *task)
{
	OWN_CODE_SCOPE;

	for (struct held_table *table = held_tables(); table; table = table->next) {
		struct held_slots *slots = table->slots;

		for (uint32_t i = 0; i < slots->capacity; i++) {
			struct held_lock *held = &slots->entries[i];

			if (held->lock && held->task == task && held->flags & HELD_SUSPENDED &&
			    !(held->flags & HELD_GONE) &&
			    lock_is_held_by(held->lock, held->kind, table->tid))
				leave_behind(table, held);
		}
	}
}

/*
 * Locks that the thread's own destructors release are released by now. A lock on a file belongs to
 * the process or to the open file, not to the thread: many programs keep one as long as they run.
 */
void held_thread_ends(void)
{
	struct held_table *table;
	OWN_CODE_SCOPE;

	if (this_thread.quiet)
		held_quiet_end();
	table = this_thread.held;
	if (!table)
		return;
	for (uint32_t i = 0; i < table->slots->capacity; i++) {
		struct held_lock *held = &table->slots->entries[i];

		while (held->lock) {
			if (!(held->flags & HELD_GONE) &&
			    lock_is_held_by(held->lock, held->kind, table->tid)) {
				if (held->kind != TRACE_LOCK_FILE)
					leave_behind(table, held);
				if (held->flags & HELD_SUSPENDED)
					held_settle(held);
			}
			held_remove(table, held);
		}
	}
	this_thread.held = NULL;
	__atomic_store_n(&table->taken, 0, __ATOMIC_RELEASE);
}

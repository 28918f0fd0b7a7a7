#include "lock_wait.h"

#include <string.h>
#include <unistd.h>

#include "runtime/base/memory.h"
#include "runtime/turns/allowance.h"
#include "runtime/turns/executor.h"
#include "runtime/turns/task_types.h"
#include "guard_holder.h"
#include "runtime/base/events.h"
#include "runtime/base/proc_path.h"
#include "runtime/base/runtime.h"
#include "runtime/process/alert.h"
#include "runtime/interpreters/python.h"
#include "runtime/trace/current_test.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"
#include "held.h"
#include "lock_gate.h"
#include "lock_sites.h"
#include "lock_state.h"

/*
 * Threads may leave a cycle by themselves (trylock, or luck). It is a deadlock if nothing changed
 * after this long.
 */
#define CYCLE_NS      (20 * 1000000)
#define MAX_DEADLOCKS 64

static uint32_t deadlocks[MAX_DEADLOCKS]; /* offsets of their records */
static uint32_t deadlock_count;
static int32_t forked_from; /* the thread whose copy runs in this forked process */

struct holder {
	int32_t tid;		   /* 0: not known */
	struct guard_holder guard; /* for a suspended task; guard 0: none */
	struct held_table *table;
	const struct held_lock *held;
};

/* Two readers don't wait for each other. */
static bool lock_excludes(enum trace_lock waits, enum trace_lock held)
{
	bool reads = waits == TRACE_LOCK_READ || waits == TRACE_LOCK_GLIB_READ;

	return !reads || (held != TRACE_LOCK_READ && held != TRACE_LOCK_GLIB_READ);
}

static struct holder find_holder(uintptr_t lock, enum trace_lock kind)
{
	struct holder holder = { .tid = lock_owner(lock, kind) };

	if (kind == TRACE_LOCK_FUTEX)
		return holder;

	for (struct held_table *table = held_tables(); table; table = table->next) {
		const struct held_lock *held = held_find(table, lock);

		if (!held || held->flags & HELD_RESTING || !lock_excludes(kind, held->kind))
			continue;
		/* The lock's own state is newer than our record of it. */
		if (holder.tid && holder.tid != table->tid)
			continue;
		holder.tid = table->tid;
		holder.table = table;
		holder.held = held;
		break;
	}
	return holder;
}

/* Finds the holder of a lock with inlined code, whose guard is stored in a task. */
static struct holder find_guard(uintptr_t lock)
{
	struct holder holder = { 0 };

	if (!ask_guard_holder(lock, &holder.guard))
		return holder;
	holder.tid = holder.guard.tid;
	for (struct held_table *table = held_tables(); table; table = table->next)
		if (holder.tid && table->tid == holder.tid)
			holder.table = table;
	return holder;
}

/* Finds the interpreter's lock for which it waits by this semaphore. */
static bool find_method_lock(uintptr_t *lock, enum trace_lock *kind)
{
	if (*kind != TRACE_LOCK_SEMAPHORE || !this_thread.method_lock)
		return false;
	*lock = this_thread.method_lock;
	*kind = this_thread.method_lock_kind;
	return true;
}

/* The stack where the calling thread waits. */
static const struct known_stack *waiting_stack(struct held_table *table, enum trace_lock kind)
{
	if (kind == TRACE_LOCK_PYTHON || kind == TRACE_LOCK_PYTHON_RECURSIVE)
		return known_stack_of_python((uintptr_t)__builtin_return_address(0));
	return KNOWN_STACK_HERE(&table->memory);
}

static void keep_holder(struct held_wait *wait, const struct holder *holder)
{
	wait->holder = holder->tid;
	wait->taken = holder->held ? holder->held->stack : NULL;
	if (holder->table)
		memcpy(wait->holder_name, holder->table->name, sizeof wait->holder_name);
	else
		*wait->holder_name = '\0';
}

void lock_wait_begin(struct lock_wait *wait, uintptr_t lock, enum trace_lock kind, bool ends)
{
	struct held_table *table;
	struct holder holder;

	/* The poster of a semaphore is known only inside an interpreter's lock method. */
	if (kind == TRACE_LOCK_SEMAPHORE && !this_thread.method_lock)
		ends = true;
	find_method_lock(&lock, &kind);
	wait->table = NULL;
	wait->record = 0;
	wait->step = 0;
	if (!this_thread.turn || !this_thread.slot)
		return;
	if (this_thread.quiet) /* threads that follow the wait read the table */
		held_quiet_end();
	table = held_table_take();
	if (!table)
		return;
	{
		OWN_CODE_SCOPE;
		wait->table = table;
		wait->lock = lock;
		wait->kind = kind;
		table->wait.record = 0;
		table->wait.executor = this_thread.turn->executor;
		/* Other threads may be reading the former wait: see copy_wait. */
		__atomic_store_n(&table->wait.since_ns, now_ns(), __ATOMIC_RELAXED);
		__atomic_store_n(&table->wait.kind, (uint8_t)kind, __ATOMIC_RELAXED);
		__atomic_store_n(&table->wait.ends, ends, __ATOMIC_RELAXED);
		__atomic_store_n(&table->wait.stack, waiting_stack(table, kind), __ATOMIC_RELAXED);
		__atomic_store_n(&table->wait.lock, lock, __ATOMIC_SEQ_CST);
		holder = find_holder(lock, kind);
		keep_holder(&table->wait, &holder);
		if (holder.held && holder.held->flags & HELD_SUSPENDED)
			held_tell_waited(holder.held, true);
	}
}

/* A thread's wait; false if it does not wait, or begins or ends a wait right now. */
static bool copy_wait(const struct held_table *table, struct held_wait *copy)
{
	const struct held_wait *wait = &table->wait;

	copy->lock = __atomic_load_n(&wait->lock, __ATOMIC_SEQ_CST);
	copy->kind = __atomic_load_n(&wait->kind, __ATOMIC_RELAXED);
	copy->ends = __atomic_load_n(&wait->ends, __ATOMIC_RELAXED);
	copy->stack = __atomic_load_n(&wait->stack, __ATOMIC_RELAXED);
	copy->since_ns = __atomic_load_n(&wait->since_ns, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return copy->lock && __atomic_load_n(&wait->lock, __ATOMIC_RELAXED) == copy->lock;
}

static void lock_wait_take_edge(struct trace_deadlock_edge *edge, const struct held_table *waits,
				const struct held_wait *wait, const struct holder *holder)
{
	edge->tid = waits->tid;
	memcpy(edge->thread, waits->name, sizeof edge->thread);
	edge->address = wait->lock;
	edge->lock = wait->kind;
	edge->waiting = wait->stack ? known_stack_record(wait->stack) : 0;
	edge->waits_since_ns = wait->since_ns;
	edge->holder = holder->tid;
	if (holder->guard.guard) {
		edge->guard = holder->guard.guard;
		edge->suspended = 1;
		edge->holds_since_ns = holder->guard.since_ns;
		edge->task_poll = holder->guard.poll;
		if (holder->table)
			memcpy(edge->holder_thread, holder->table->name,
			       sizeof edge->holder_thread);
	}
	if (!holder->held || !holder->table)
		return;
	memcpy(edge->holder_thread, holder->table->name, sizeof edge->holder_thread);
	edge->acquired = holder->held->stack ? known_stack_record(holder->held->stack) : 0;
	edge->suspended = (holder->held->flags & HELD_SUSPENDED) != 0;
	edge->holds_since_ns = edge->suspended ? holder->held->since_ns : 0;
	/* One turn of a loop runs many coroutines, each until its next await. */
	if (holder->held->stack && holder->held->stack->places && holder->held->coroutine_frame &&
	    holder->table == this_thread.held)
		edge->suspended |= !python_coroutine_runs(holder->held->coroutine_frame);
	if (edge->suspended && holder->held->type)
		edge->task_poll = task_type_poll(holder->held->type);
}

/*
 * Follows the chain of waits from the calling thread. If the chain comes back to it, no thread of
 * it can continue unless one of the waits ends by itself.
 */
static unsigned lock_chain_follow(struct trace_deadlock_edge *edges, bool *cycle)
{
	struct held_table *self = this_thread.held, *waits = self;
	unsigned count = 0;

	*cycle = false;
	while (count < TRACE_MAX_EDGES) {
		struct held_wait wait;
		struct holder holder;

		if (!copy_wait(waits, &wait) || wait.ends)
			break;
		holder = wait.kind == TRACE_LOCK_FUTEX ? find_guard(wait.lock)
						       : find_holder(wait.lock, wait.kind);
		if (!holder.tid)
			break;
		lock_wait_take_edge(&edges[count++], waits, &wait, &holder);
		if (holder.tid == self->tid) {
			*cycle = true;
			break;
		}
		if (!holder.table) /* outside turns: its wait is not known */
			break;
		waits = holder.table;
	}
	return count;
}

/* Room for the stack of a holder about which nothing else is known. */
static uint32_t present_stack(void)
{
	struct trace_stack *stack =
		trace_allocate(sizeof *stack + TRACE_LOOK_FRAMES * sizeof *stack->frames);

	if (!stack)
		return 0;
	trace_publish(stack, RECORD_STACK);
	return trace_offset(stack);
}

static bool deadlock_is_same(const struct trace_deadlock *a, const struct trace_deadlock *b)
{
	if (a->edge_count != b->edge_count)
		return false;
	for (unsigned i = 0; i < a->edge_count; i++)
		if (a->edges[i].waiting != b->edges[i].waiting ||
		    a->edges[i].acquired != b->edges[i].acquired)
			return false;
	return true;
}

static struct trace_deadlock *deadlock_record(const struct trace_deadlock *seen)
{
	uint32_t count = __atomic_load_n(&deadlock_count, __ATOMIC_ACQUIRE);
	struct trace_deadlock *record;

	for (uint32_t i = 0; i < count && i < MAX_DEADLOCKS; i++) {
		record = deadlocks[i] ? trace_at(deadlocks[i]) : NULL;
		if (record && record->state == DEADLOCK_ENDED && deadlock_is_same(record, seen))
			return record;
	}
	if (count >= MAX_DEADLOCKS)
		return NULL;
	current_test_note();
	record = trace_allocate(sizeof *record);
	if (!record)
		return NULL;
	*record = (struct trace_deadlock){ .head = record->head };
	count = __atomic_fetch_add(&deadlock_count, 1, __ATOMIC_ACQ_REL);
	if (count < MAX_DEADLOCKS)
		deadlocks[count] = trace_offset(record);
	return record;
}

static void record_deadlock(struct lock_wait *wait, bool only_cycle)
{
	struct trace_deadlock seen = { 0 }, *record;
	struct trace_deadlock_edge *last;
	struct trace_executor *executor;
	bool cycle;

	seen.edge_count = lock_chain_follow(seen.edges, &cycle);
	if (only_cycle && seen.edge_count && seen.edges[0].guard)
		__atomic_fetch_add(
			&((struct trace_guard_site *)trace_at(seen.edges[0].guard))->waiters, 1,
			__ATOMIC_RELAXED);
	if (!seen.edge_count || (only_cycle && !cycle))
		return;
	record = wait->record ? trace_at(wait->record) : deadlock_record(&seen);
	if (!record) {
		trace_lose_error();
		return;
	}
	last = &seen.edges[seen.edge_count - 1];
	if (!cycle && !last->acquired && !last->guard)
		last->present = present_stack();
	executor = wait->table->wait.executor ? executor_record(wait->table->wait.executor) : NULL;
	record->executor = executor ? trace_offset(executor) : 0;
	memcpy(record->edges, seen.edges, sizeof seen.edges);
	record->edge_count = seen.edge_count;
	record->start_ns = wait->table->wait.since_ns;
	if (!wait->record)
		record->count++;
	wait->record = wait->table->wait.record = trace_offset(record);
	__atomic_store_n(&record->state, cycle ? DEADLOCK_CYCLE : DEADLOCK_WAITS, __ATOMIC_RELEASE);
	if (record->head.type != RECORD_UNFINISHED)
		return;
	trace_publish(record, RECORD_DEADLOCK);
	alert_deadlock(executor, cycle ? 0 : now_ns() - record->start_ns);
}

/* The thread may end with its lock's release. */
static void name_holder(struct held_wait *wait)
{
	if (wait->holder && !*wait->holder_name)
		proc_read_name("/proc/self/task/", wait->holder, wait->holder_name);
}

bool lock_wait_step(struct lock_wait *wait, struct timespec *limit)
{
	uint64_t until;

	if (!wait->table)
		return false;
	if (wait->step) {
		OWN_CODE_SCOPE;
		name_holder(&wait->table->wait);
		record_deadlock(wait, wait->step == 1);
	}
	if (wait->step++ == 2)
		return false;
	until = wait->table->wait.since_ns +
		(wait->step == 1 ? CYCLE_NS : runtime_options.lock_wait_ms * UINT64_C(1000000));
	limit->tv_sec = (time_t)(until / 1000000000);
	limit->tv_nsec = (long)(until % 1000000000);
	return true;
}

void lock_wait_look(struct lock_wait *wait)
{
	OWN_CODE_SCOPE;

	if (wait->table)
		record_deadlock(wait, true);
}

static void lock_wait_ended(struct held_table *table)
{
	struct trace_deadlock *record = table->wait.record ? trace_at(table->wait.record) : NULL;

	__atomic_store_n(&table->wait.lock, 0, __ATOMIC_RELEASE);
	if (!record)
		return;
	table->wait.record = 0;
	record->end_ns = now_ns();
	__atomic_store_n(&record->state, DEADLOCK_ENDED, __ATOMIC_RELEASE);
}

void lock_wait_end(struct lock_wait *wait)
{
	if (wait->table && wait->table == this_thread.held)
		lock_wait_ended(wait->table);
}

void lock_wait_left(void)
{
	struct held_table *table = this_thread.held;

	if (table && table->wait.lock)
		lock_wait_ended(table);
}

/* The thread did not pass the gate at once. */
static void leave_gate(uintptr_t lock, uintptr_t caller)
{
	struct thread_state *self = &this_thread;
	const struct held_lock waited = { .site = self->gate_site };

	if (lock != self->gate_lock || caller != self->gate_return)
		held_tell_waited(&waited, false);
	self->gate_site = 0;
	self->holds--;
}

void lock_wait_outside(uintptr_t lock, enum trace_lock kind, uintptr_t caller)
{
	struct thread_state *self = &this_thread;
	bool in_method = find_method_lock(&lock, &kind);
	struct holder holder;

	if (!runtime_started || self->own_code || self->vforked || self->dead)
		return;
	OWN_CODE_SCOPE;
	if (self->gate_site)
		leave_gate(0, 0);
	holder = find_holder(lock, kind);
	if (!holder.held || !(holder.held->flags & HELD_SUSPENDED) || holder.table == self->held)
		return;
	/* Its release shows whether it only passes or works under the lock. */
	if (!in_method && lock_gate_code(caller, &self->gate_return)) {
		self->gate_lock = lock;
		self->gate_site = holder.held->site;
		self->holds += self->gate_site != 0;
	} else {
		held_tell_waited(holder.held, false);
	}
}

static void record_foreign_unlock(uintptr_t lock, enum trace_lock kind, const struct holder *holder)
{
	struct held_table *table = held_table_take();
	struct held_lock unknown = { .lock = lock, .kind = (uint8_t)kind };
	const struct held_lock *held = holder->held ? holder->held : &unknown;
	struct trace_lock_site *site;

	if (!table || !trace_open() || allowance_take())
		return;
	if (!holder->held && this_thread.turn)
		unknown.executor = this_thread.turn->executor;
	site = lock_site_get(LOCK_FOREIGN_UNLOCK, held, holder->table,
			     KNOWN_STACK_HERE(&table->memory));
	if (!site)
		return;
	site->tid = holder->tid;
	site->other_tid = table->tid;
	memcpy(site->other_thread, table->name, sizeof site->other_thread);
	__atomic_fetch_add(&site->count, 1, __ATOMIC_RELAXED);
	site->last_ns = now_ns();
}

static void take_away(const struct held_lock *noted)
{
	struct held_lock *held = (struct held_lock *)noted;

	if (held->flags & HELD_SUSPENDED)
		held_settle(held);
	held->flags |= HELD_GONE;
}

void lock_foreign_release(uintptr_t lock, enum trace_lock kind, uintptr_t caller)
{
	struct thread_state *self = &this_thread;
	struct holder holder;
	int32_t tid;

	/* Any thread may post a semaphore. */
	if (kind == TRACE_LOCK_SEMAPHORE && !self->gate_site)
		return;
	if (!runtime_started || self->own_code || self->vforked || self->dead)
		return;
	OWN_CODE_SCOPE;
	if (self->gate_site)
		leave_gate(lock, caller);
	/* One reader's release looks like another's. */
	if (kind == TRACE_LOCK_SEMAPHORE || kind == TRACE_LOCK_GLIB_READ || kind == TRACE_LOCK_FILE)
		return;
	holder = find_holder(lock, kind);
	if (holder.held && (holder.held->kind == TRACE_LOCK_READ || holder.table == self->held))
		return;
	if (!holder.tid || holder.tid == forked_from || (!holder.held && !self->turn))
		return;
	tid = self->held ? self->held->tid : thread_tid();
	if (holder.tid == tid)
		return;
	record_foreign_unlock(lock, kind, &holder);
	if (holder.held)
		take_away(holder.held);
}

void lock_given_back(uintptr_t lock, enum trace_lock kind)
{
	struct holder holder;
	OWN_CODE_SCOPE;

	if (!runtime_started || this_thread.vforked || this_thread.dead)
		return;
	holder = find_holder(lock, kind);
	if (holder.held && holder.table != this_thread.held)
		take_away(holder.held);
}

void lock_waits_forked(int32_t parent)
{
	memory_zero(deadlocks, sizeof deadlocks);
	deadlock_count = 0;
	forked_from = parent;
	this_thread.gate_site = 0;
}

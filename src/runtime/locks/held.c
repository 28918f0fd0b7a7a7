#include "held.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "runtime/turns/executor.h"
#include "runtime/turns/stack_switch.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"

#define MAX_CAPACITY 8192 /* half of which can be in use: 4096 locks held at once by one thread */

static struct held_table *tables;

struct held_table *held_tables(void)
{
	return __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
}

static inline unsigned held_slot_of(const struct held_slots *slots, uintptr_t lock)
{
	return (unsigned)((lock * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (slots->capacity - 1);
}

/* The entry of this lock, or the free entry where it belongs. */
static inline struct held_lock *held_probe(struct held_slots *slots, uintptr_t lock)
{
	unsigned place = held_slot_of(slots, lock);

	while (slots->entries[place].lock && slots->entries[place].lock != lock)
		place = (place + 1) & (slots->capacity - 1);
	return &slots->entries[place];
}

static size_t slots_size(uint32_t capacity)
{
	return sizeof(struct held_slots) + capacity * sizeof(struct held_lock);
}

COLD static struct held_table *held_table_make(void)
{
	struct held_table *table = memory_map(MEMORY_PAGE);
	uint32_t capacity = 1;

	if (!table)
		return NULL;
	/* Use the rest of the page. */
	table->slots = (struct held_slots *)(table + 1);
	while (sizeof *table + slots_size(capacity * 2) <= MEMORY_PAGE)
		capacity *= 2;
	table->slots->capacity = capacity;
	table->least = table->slots;
	table->last = table->slots->entries;
	table->taken = 1;
	table->next = held_tables();
	while (!__atomic_compare_exchange_n(&tables, &table->next, table, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
	return table;
}

COLD struct held_table *held_table_take(void)
{
	struct held_table *table;
	OWN_CODE_SCOPE;

	if (this_thread.held)
		return this_thread.held;
	for (table = held_tables(); table; table = table->next)
		if (!__atomic_exchange_n(&table->taken, 1, __ATOMIC_ACQ_REL))
			break;
	if (!table)
		table = held_table_make();
	if (!table) {
		trace_lose_event();
		return NULL;
	}
	table->tid = thread_tid();
	memcpy(table->name, this_thread.name, sizeof table->name);
	stack_memory_forget(&table->memory);
	walk_credit_fill(&table->credit);
	table->wait.lock = 0;
	this_thread.held = table;
	return table;
}

/* The old slots stay mapped: other threads may be reading them. */
COLD static void move_to(struct held_table *table, struct held_slots *slots)
{
	struct held_slots *old = table->slots;

	for (uint32_t i = 0; i < old->capacity; i++)
		if (old->entries[i].lock)
			*held_probe(slots, old->entries[i].lock) = old->entries[i];
	table->last = slots->entries;
	__atomic_store_n(&table->slots, slots, __ATOMIC_RELEASE);
	memset(old->entries, 0, old->capacity * sizeof *old->entries);
}

COLD static bool held_table_grow(struct held_table *table)
{
	struct held_slots *old = table->slots;

	if (!old->larger && old->capacity < MAX_CAPACITY) {
		old->larger = memory_map(slots_size(old->capacity * 2));
		if (old->larger)
			old->larger->capacity = old->capacity * 2;
	}
	if (!old->larger)
		return false;
	move_to(table, old->larger);
	return true;
}

void held_shrink(struct held_table *table)
{
	struct held_slots *slots = table->least;

	while (slots != table->slots && slots->capacity < this_thread.holds * 4)
		slots = slots->larger;
	if (slots != table->slots)
		move_to(table, slots);
}

/* The owner takes it again. If not, our entry is out of date: the lock was released unseen. */
static bool is_recursive(const struct held_lock *held, enum trace_lock kind)
{
	switch (kind) {
	case TRACE_LOCK_MUTEX:
		return (LIBC_MUTEX_KIND((const pthread_mutex_t *)held->lock) & 3) ==
		       PTHREAD_MUTEX_RECURSIVE;
	case TRACE_LOCK_READ:
	case TRACE_LOCK_GLIB_READ:
	case TRACE_LOCK_GLIB_MUTEX: /* also GRecMutex */
	case TRACE_LOCK_FILE:
	case TRACE_LOCK_ANNOTATED:
	case TRACE_LOCK_SEMAPHORE:
	case TRACE_LOCK_PYTHON_RECURSIVE:
		return true;
	default:
		return false;
	}
}

static void held_forget(struct held_lock *held)
{
	for (struct turn *turn = this_thread.turn; held->turn && turn; turn = turn->parent)
		if (turn == held->turn)
			turn->locks--;
	if (held->flags & HELD_SUSPENDED && !(held->flags & HELD_GONE))
		held_settle(held);
}

static inline void held_table_note(struct held_table *table, uintptr_t lock, enum trace_lock kind,
				   const struct known_stack *stack)
{
	struct thread_state *self = &this_thread;
	struct turn *turn = self->turn;
	struct held_lock *held;

	if (UNLIKELY(self->holds * 2 >= table->slots->capacity) && !held_table_grow(table)) {
		trace_lose_event();
		return;
	}
	if (UNLIKELY(self->resumes))
		stack_look((uintptr_t)__builtin_frame_address(0));
	held = held_probe(table->slots, lock);
	if (UNLIKELY(held->lock != 0)) {
		if (!(held->flags & HELD_GONE) && is_recursive(held, kind)) {
			held->again++;
			return;
		}
		held_forget(held);
	} else {
		self->holds++;
	}
	held->turn = turn;
	held->stack = stack;
	held->executor = turn->executor;
	held->fresh = kind | (uint64_t)self->coroutine << 32;
	turn->locks++;
	table->last = held;
	__atomic_store_n(&held->lock, lock, __ATOMIC_RELEASE);
}

void held_note(uintptr_t lock, enum trace_lock kind, const void *frame)
{
	struct thread_state *self = &this_thread;
	struct held_table *table = self->held;
	struct turn *turn = self->turn;
	const struct known_stack *stack;

	if (kind == TRACE_LOCK_MUTEX || kind == TRACE_LOCK_SEMAPHORE)
		self->last_lock = lock;
	if (UNLIKELY(!turn || self->own_code ||
		     (kind == TRACE_LOCK_SEMAPHORE &&
		      (!runtime_options.semaphores || self->method_lock))))
		return;
	if (UNLIKELY(!table)) {
		table = held_table_take();
		if (!table)
			return;
	}
	/* Find the stack first: a signal handler that interrupts us may take locks too. */
	stack = known_stack_find(&table->memory, frame);
	if (UNLIKELY(turn->locks_noted++ >= QUIET_AFTER || !stack)) {
		if (held_quiet_begin(turn, &table->credit, !stack)) {
			held_quiet_take(lock, kind, ((const struct known_frame *)frame)->caller);
			return;
		}
		if (!stack) {
			stack = known_stack_walk(&table->memory, frame);
			walk_credit_charge(&table->credit, stack->depth);
		}
	}
	held_table_note(table, lock, kind, stack);
}

void held_note_stack(uintptr_t lock, enum trace_lock kind, const struct known_stack *stack)
{
	struct held_table *table = this_thread.held;

	if (UNLIKELY(!table))
		table = held_table_take();
	if (table && this_thread.turn)
		held_table_note(table, lock, kind, stack);
}

struct held_lock *held_entry(uintptr_t lock)
{
	struct held_table *table = this_thread.held;
	struct held_lock *held = table && this_thread.holds ? held_probe(table->slots, lock) : NULL;

	return held && held->lock ? held : NULL;
}

struct held_lock *held_find(struct held_table *table, uintptr_t lock)
{
	struct held_slots *slots = __atomic_load_n(&table->slots, __ATOMIC_ACQUIRE);
	unsigned place = held_slot_of(slots, lock);

	for (uint32_t i = 0; i < slots->capacity; i++) {
		struct held_lock *held = &slots->entries[place];
		uintptr_t found = __atomic_load_n(&held->lock, __ATOMIC_ACQUIRE);

		if (!found)
			return NULL;
		if (found == lock)
			return held->flags & HELD_GONE ? NULL : held;
		place = (place + 1) & (slots->capacity - 1);
	}
	return NULL;
}

/*
 * Moves later entries up, so that no search has to pass a free entry. Returns the entry that is
 * free in the end.
 */
static NOINLINE struct held_lock *close_gap(struct held_slots *slots, struct held_lock *held)
{
	unsigned mask = slots->capacity - 1;
	unsigned hole = (unsigned)(held - slots->entries), next = hole;

	while (slots->entries[next = (next + 1) & mask].lock) {
		unsigned home = held_slot_of(slots, slots->entries[next].lock);

		if (((next - home) & mask) < ((next - hole) & mask))
			continue;
		slots->entries[hole] = slots->entries[next];
		hole = next;
	}
	return &slots->entries[hole];
}

static inline void remove_entry(struct thread_state *self, struct held_table *table,
				struct held_lock *held)
{
	struct held_slots *slots = table->slots;

	if (UNLIKELY(held == &slots->entries[slots->capacity - 1] || held[1].lock))
		held = close_gap(slots, held);
	__atomic_store_n(&held->lock, 0, __ATOMIC_RELEASE);
	self->holds--;
}

void held_remove(struct held_table *table, struct held_lock *held)
{
	remove_entry(&this_thread, table, held);
}

bool held_released(uintptr_t lock)
{
	struct thread_state *self = &this_thread;
	struct held_table *table = self->held;
	struct turn *turn = self->turn;
	struct held_lock *held;

	if (UNLIKELY(self->quiet_holds) && held_quiet_drop_any(lock))
		return true;
	if (!table || !self->holds)
		return false;
	held = table->last;
	if (held->lock != lock)
		held = held_probe(table->slots, lock);
	if (LIKELY(held->lock && turn && held->turn == turn && !held->again && !held->flags)) {
		turn->locks--;
	} else {
		if (!held->lock || held->flags & HELD_GONE)
			return false;
		if (held->again--)
			return true;
		held_forget(held);
	}
	remove_entry(self, table, held);
	return true;
}

void held_rests(uintptr_t lock, bool rests)
{
	struct held_lock *held = this_thread.holds ? held_find(this_thread.held, lock) : NULL;

	if (!held)
		return;
	if (rests)
		held->flags |= HELD_RESTING;
	else
		held->flags &= (uint8_t)~HELD_RESTING;
}

void held_forked(void)
{
	for (struct held_table *table = held_tables(); table; table = table->next) {
		for (struct held_slots *slots = table->least; slots; slots = slots->larger)
			memset(slots->entries, 0, slots->capacity * sizeof *slots->entries);
		table->taken = 0;
		table->wait.lock = 0;
	}
	held_quiet_forget();
	this_thread.held = NULL;
	this_thread.holds = 0;
	turns_suspended_holding = 0;
	known_stacks_forked();
}

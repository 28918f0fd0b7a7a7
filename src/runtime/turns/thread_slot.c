#include "thread_slot.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "executor.h"
#include "runtime/base/log.h"
#include "runtime/base/events.h"
#include "runtime/base/memory_devices.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/trace.h"
#include "turn_times.h"

#define MAX_SLOTS 16384 /* threads that run turns at the same time; documented in yieldsan(1) */

static struct {
	uint32_t offset; /* of the record; 0: none yet */
	uint32_t taken;
} slots[MAX_SLOTS];
static unsigned slots_used; /* slots from here on were never taken */

static pthread_key_t end_key;

static void thread_ended(void *unused)
{
	(void)unused;
	event_thread_ends();
}

int thread_slot_init(void)
{
	return -pthread_key_create(&end_key, thread_ended);
}

void thread_slot_watch_end(void)
{
	/* The destructor runs only if the value is not NULL; the first 32 keys need no memory. */
	pthread_setspecific(end_key, slots);
}

static struct trace_thread *thread_slot_make(uint32_t *offset)
{
	struct trace_thread *slot = trace_allocate(sizeof *slot);

	if (!slot)
		return NULL;
	trace_publish(slot, RECORD_THREAD);
	__atomic_store_n(offset, trace_offset(slot), __ATOMIC_RELEASE);
	return slot;
}

COLD struct trace_thread *thread_slot_take(void)
{
	OWN_CODE_SCOPE;
	struct trace_thread *slot = NULL;

	if (this_thread.slot)
		return this_thread.slot;
	if (!runtime_started || this_thread.dead || !trace_open())
		return NULL;
	for (unsigned i = 0; i < MAX_SLOTS && !slot; i++) {
		if (__atomic_load_n(&slots[i].taken, __ATOMIC_RELAXED) ||
		    __atomic_exchange_n(&slots[i].taken, 1, __ATOMIC_ACQ_REL))
			continue;
		if (i >= __atomic_load_n(&slots_used, __ATOMIC_RELAXED))
			__atomic_store_n(&slots_used, i + 1, __ATOMIC_RELAXED);
		slot = slots[i].offset ? trace_at(slots[i].offset)
				       : thread_slot_make(&slots[i].offset);
		if (!slot) {
			__atomic_store_n(&slots[i].taken, 0, __ATOMIC_RELEASE);
			trace_lose_site();
			break;
		}
		this_thread.slot_number = i;
	}
	if (!slot) { /* the lost turn may contain an error */
		trace_lose_error();
		return NULL;
	}
	memory_devices_refresh();
	slot->tid = thread_tid();
	memcpy(slot->name, this_thread.name, sizeof slot->name);
	memset(slot->turns, 0, sizeof slot->turns);
	__atomic_store_n(&slot->alive, 1, __ATOMIC_RELEASE);
	slot->turn_start = 0;
	this_thread.slot = slot;
	turn_times_take();
	thread_slot_watch_end();
	return slot;
}

static void hand_over(struct trace_thread *slot, unsigned i, bool ended)
{
	struct trace_executor *executor;

	if (!slot->turns[i].executor)
		return;
	executor = trace_at(slot->turns[i].executor);
	__atomic_fetch_add(&executor->turns_ended, slot->turns[i].turns, __ATOMIC_RELAXED);
	if (ended && slot->turns[i].turns)
		__atomic_fetch_add(&executor->threads_ended, 1, __ATOMIC_RELAXED);
	slot->turns[i].turns = 0;
	slot->turns[i].executor = 0;
}

void thread_slot_leave(void)
{
	struct trace_thread *slot = this_thread.slot;

	turn_times_leave();
	this_thread.turn = NULL;
	this_thread.turn_counter = NULL;
	this_thread.turn_counter_executor = NULL;
	this_thread.slot = NULL;
	if (!slot)
		return;
	slot->turn_start = 0;
	for (unsigned i = 0; i < TRACE_THREAD_EXECUTORS; i++)
		hand_over(slot, i, true);
	__atomic_store_n(&slot->alive, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&slots[this_thread.slot_number].taken, 0, __ATOMIC_RELEASE);
}

void thread_slot_forget(void)
{
	this_thread.turn_counter = NULL;
	this_thread.turn_counter_executor = NULL;
	this_thread.slot = NULL;
	turn_times_forget();
	memory_zero(slots, slots_used * sizeof *slots);
	slots_used = 0;
}

COLD void thread_slot_change_executor(struct executor *executor)
{
	struct trace_thread *slot = thread_slot_take();
	struct trace_executor *record;
	unsigned i;

	this_thread.turn_counter = NULL;
	this_thread.turn_counter_executor = NULL; /* look it up again at the next turn */
	record = slot && executor ? executor_record(executor) : NULL;
	if (!record)
		return;
	for (i = 0; i < TRACE_THREAD_EXECUTORS; i++)
		if (!slot->turns[i].executor || slot->turns[i].executor == trace_offset(record))
			break;
	if (i == TRACE_THREAD_EXECUTORS) {
		i = 0;
		hand_over(slot, i, false);
	}
	if (__atomic_load_n(&record->confirmed, __ATOMIC_RELAXED))
		trace_had_turn();
	slot->turns[i].executor = trace_offset(record);
	slot->executor = trace_offset(record);
	turn_times_change_executor(trace_offset(record));
	this_thread.turn_counter = &slot->turns[i].turns;
	this_thread.turn_counter_executor = executor;
	LOG("thread %s runs turns of %s", this_thread.name[0] ? this_thread.name : "(unnamed)",
	    executor->name);
}

#include "task_types.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/trace/trace.h"

#define MAX_TYPES 4096

static struct {
	uintptr_t vtable;
	uintptr_t poll; /* stored last */
	uint32_t id;
	uint32_t offset; /* of its record in this trace; 0: none yet */
} types[MAX_TYPES];
static uint32_t used;

uint32_t task_type_number(uintptr_t vtable, uintptr_t poll)
{
	uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);

	/* The module was closed and opened again. */
	for (uint32_t i = 0; i < count && i < MAX_TYPES; i++)
		if (__atomic_load_n(&types[i].poll, __ATOMIC_ACQUIRE) == poll &&
		    types[i].vtable == vtable)
			return i + 1;
	count = __atomic_fetch_add(&used, 1, __ATOMIC_ACQ_REL);
	if (count >= MAX_TYPES) {
		__atomic_store_n(&used, MAX_TYPES, __ATOMIC_RELEASE);
		return 0;
	}
	types[count].vtable = vtable;
	__atomic_store_n(&types[count].poll, poll, __ATOMIC_RELEASE);
	return count + 1;
}

uintptr_t task_type_poll(uint32_t number)
{
	return number && number <= MAX_TYPES ? types[number - 1].poll : 0;
}

static struct trace_task_type *task_type_record(uint32_t number, uint32_t executor)
{
	uint32_t *offset = &types[number - 1].offset, first = 0;
	struct trace_task_type *record;

	first = __atomic_load_n(offset, __ATOMIC_ACQUIRE);
	if (first)
		return trace_at(first);
	record = trace_allocate(sizeof *record);
	if (!record)
		return NULL;
	record->executor = executor;
	record->number = number;
	record->vtable = types[number - 1].vtable;
	record->poll = types[number - 1].poll;
	/* If two threads race, the second one leaves an empty record, which adds nothing. */
	__atomic_compare_exchange_n(offset, &first, trace_offset(record), false, __ATOMIC_ACQ_REL,
				    __ATOMIC_ACQUIRE);
	trace_publish(record, RECORD_TASK_TYPE);
	return first ? trace_at(first) : record;
}

void task_type_set_id(uint32_t number, uint32_t offset)
{
	if (number && number <= MAX_TYPES)
		types[number - 1].id = offset;
}

uint32_t task_type_id(uint32_t number)
{
	return number && number <= MAX_TYPES ? types[number - 1].id : 0;
}

void task_type_write(uint32_t number)
{
	if (number && number <= MAX_TYPES)
		task_type_record(number, 0);
}

void task_type_add(uint32_t number, uint32_t executor, uint64_t turns, uint64_t total_ns,
		   uint64_t max_ns)
{
	struct trace_task_type *record;
	uint64_t longest;

	record = number && number <= MAX_TYPES ? task_type_record(number, executor) : NULL;
	if (!record)
		return;
	__atomic_store_n(&record->executor, executor, __ATOMIC_RELAXED);
	__atomic_fetch_add(&record->turns, turns, __ATOMIC_RELAXED);
	__atomic_fetch_add(&record->total_ns, total_ns, __ATOMIC_RELAXED);
	longest = __atomic_load_n(&record->max_ns, __ATOMIC_RELAXED);
	while (max_ns > longest &&
	       !__atomic_compare_exchange_n(&record->max_ns, &longest, max_ns, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void task_types_forget(void)
{
	for (uint32_t i = 0; i < used && i < MAX_TYPES; i++)
		types[i].offset = 0;
}

#include "task_registry.h"

#include <stdbool.h>

#include "runtime/base/runtime.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/task_types.h"

#define TABLES	      4
#define BUCKETS_TRIED 2 /* per table: a task may be in either */

struct trace_task *task_registry_first;

/* Each table is made when the earlier ones have no room for a task. */
static struct {
	struct trace_tasks *record;
	uint8_t bits; /* log2 of its number of buckets */
	bool tried;
} tables[TABLES] = {
	{ .bits = TASK_REGISTRY_FIRST_BITS },
	{ .bits = TASK_REGISTRY_FIRST_BITS + 2 },
	{ .bits = TASK_REGISTRY_FIRST_BITS + 4 },
	{ .bits = TASK_REGISTRY_FIRST_BITS + 5 },
};

/* Sites matter more: the last half of the trace is reserved for them. */
static bool registry_has_room(size_t size)
{
	const struct trace_header *trace = trace_header();

	return trace &&
	       __atomic_load_n(&trace->used, __ATOMIC_RELAXED) + size < trace->file_size / 2;
}

static struct trace_tasks *registry_table_make(unsigned number)
{
	uint32_t count = (uint32_t)TASK_REGISTRY_BUCKET << tables[number].bits;
	/* A bucket fills exactly one cache line. */
	size_t line = TASK_REGISTRY_BUCKET * sizeof(struct trace_task);
	size_t size = sizeof(struct trace_tasks) + count * sizeof(struct trace_task) + line;
	struct trace_tasks *record;

	if (__atomic_exchange_n(&tables[number].tried, true, __ATOMIC_ACQ_REL) ||
	    !registry_has_room(size))
		return NULL;
	record = trace_allocate(size);
	if (!record)
		return NULL;
	record->count = count;
	record->first = (uint32_t)(-(uintptr_t)(record + 1) % line);
	trace_publish(record, RECORD_TASKS);
	__atomic_store_n(&tables[number].record, record, __ATOMIC_RELEASE);
	return record;
}

static struct trace_task *registry_entries(struct trace_tasks *record)
{
	return (struct trace_task *)((char *)(record + 1) + record->first);
}

static struct trace_task *registry_bucket(unsigned table, struct trace_tasks *record,
					  const void *header, unsigned number)
{
	uint64_t place = (task_registry_hash(header) >> (64 - tables[table].bits)) ^ number;

	return registry_entries(record) + place * TASK_REGISTRY_BUCKET;
}

/* A task is in one place only, and is polled by one thread at a time. */
static struct trace_task *registry_find(const void *header)
{
	for (unsigned table = 0; table < TABLES; table++) {
		struct trace_tasks *record =
			__atomic_load_n(&tables[table].record, __ATOMIC_ACQUIRE);

		for (unsigned i = 0; record && i < BUCKETS_TRIED; i++) {
			struct trace_task *entry = registry_bucket(table, record, header, i);

			for (int j = 0; j < TASK_REGISTRY_BUCKET; j++)
				if (__atomic_load_n(&entry[j].task, __ATOMIC_RELAXED) >>
					    TRACE_TASK_TYPE_BITS ==
				    (uintptr_t)header)
					return &entry[j];
		}
	}
	return NULL;
}

static bool registry_take_entry(struct trace_task *entry, uint64_t former, uint64_t word,
				uint64_t ticks)
{
	if (!__atomic_compare_exchange_n(&entry->task, &former, word, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return false;
	entry->polled = ticks;
	return true;
}

static bool add_to(unsigned table, const void *header, uint64_t word, uint64_t ticks)
{
	struct trace_tasks *record = __atomic_load_n(&tables[table].record, __ATOMIC_ACQUIRE);

	if (!record)
		record = registry_table_make(table);
	for (unsigned i = 0; record && i < BUCKETS_TRIED; i++) {
		struct trace_task *entry = registry_bucket(table, record, header, i);

		for (int j = 0; j < TASK_REGISTRY_BUCKET; j++)
			if (!__atomic_load_n(&entry[j].task, __ATOMIC_RELAXED) &&
			    registry_take_entry(&entry[j], 0, word, ticks))
				return true;
	}
	return false;
}

/* Most tasks that were not polled for long no longer exist. */
static void replace_oldest(const void *header, uint64_t word, uint64_t ticks)
{
	struct trace_task *oldest = NULL;
	struct trace_tasks *of = NULL;

	for (unsigned table = 0; table < TABLES; table++) {
		struct trace_tasks *record =
			__atomic_load_n(&tables[table].record, __ATOMIC_ACQUIRE);
		struct trace_task *entry =
			record ? registry_bucket(table, record, header, 0) : NULL;

		for (int j = 0; record && j < TASK_REGISTRY_BUCKET; j++)
			if (!oldest || entry[j].polled < oldest->polled) {
				oldest = &entry[j];
				of = record;
			}
	}
	if (oldest && registry_take_entry(oldest, __atomic_load_n(&oldest->task, __ATOMIC_RELAXED),
					  word, ticks))
		__atomic_fetch_add(&of->replaced, 1, __ATOMIC_RELAXED);
}

void task_registry_polled_elsewhere(const void *header, uint32_t type, uint64_t ticks)
{
	uint64_t word = task_registry_word(header, type);
	struct trace_tasks *first;
	struct trace_task *entry;
	unsigned table = 0;

	if (!runtime_options.tasks || !trace_header() ||
	    word >> TRACE_TASK_TYPE_BITS != (uintptr_t)header)
		return;
	entry = registry_find(header);
	if (entry) {
		/* Another type: the memory was reused for a new task. */
		__atomic_store_n(&entry->task, word, __ATOMIC_RELAXED);
		entry->polled = ticks;
		return;
	}
	task_type_write(type);
	while (table < TABLES && !add_to(table, header, word, ticks))
		table++;
	if (table == TABLES)
		replace_oldest(header, word, ticks);
	first = __atomic_load_n(&tables[0].record, __ATOMIC_ACQUIRE);
	if (first && !SHARED_WORD(task_registry_first))
		__atomic_store_n(&task_registry_first, registry_entries(first), __ATOMIC_RELEASE);
}

uint64_t task_registry_polled_at(const void *header)
{
	const struct trace_task *entry = registry_find(header);

	return entry ? entry->polled : 0;
}

void task_registry_remove(const void *header)
{
	struct trace_task *entry = registry_find(header);

	if (entry)
		__atomic_store_n(&entry->task, 0, __ATOMIC_RELEASE);
}

void task_registry_forget(void)
{
	task_registry_first = NULL;
	for (unsigned i = 0; i < TABLES; i++) {
		tables[i].record = NULL;
		tables[i].tried = false;
	}
}

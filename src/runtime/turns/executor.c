#include "executor.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/log.h"
#include "runtime/trace/trace.h"

static struct executor executors[MAX_EXECUTORS];
static unsigned used; /* entries handed out; an entry is valid once it has a name */

static bool executor_is(const struct executor *executor, enum executor_family family,
			const char *name, uintptr_t key)
{
	return __atomic_load_n(&executor->ready, __ATOMIC_ACQUIRE) && executor->family == family &&
	       executor->key == key && !strncmp(executor->name, name, sizeof executor->name - 1);
}

struct executor *executor_get(enum executor_family family, const char *name, uintptr_t key,
			      enum confidence confidence)
{
	struct executor *executor;
	unsigned count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < count && i < MAX_EXECUTORS; i++)
		if (executor_is(&executors[i], family, name, key))
			return &executors[i];
	/*
	 * If two threads both make one, there are two entries of the same name, which the report
	 * adds up.
	 */
	count = __atomic_fetch_add(&used, 1, __ATOMIC_ACQ_REL);
	if (count >= MAX_EXECUTORS) {
		__atomic_store_n(&used, MAX_EXECUTORS, __ATOMIC_RELEASE);
		trace_lose_event();
		return NULL;
	}
	executor = &executors[count];
	executor->family = family;
	executor->confidence = confidence;
	executor->key = key;
	strncpy(executor->name, name, sizeof executor->name - 1);
	__atomic_store_n(&executor->ready, true, __ATOMIC_RELEASE);
	LOG("executor %s is recognised, %s", executor->name,
	    confidence == CONFIDENCE_HIGH ? "certainly" : "by how it waits");
	return executor;
}

struct executor *executor_known(enum executor_id id)
{
	const struct executor_info *info = &executor_infos[id];
	struct executor *executor = executor_get(info->family, info->name, 0, CONFIDENCE_HIGH);

	if (executor)
		executor_confirm(executor);
	return executor;
}

COLD static struct trace_executor *executor_write_record(struct executor *executor)
{
	struct trace_executor *record, *first = NULL;

	if (!trace_open())
		return NULL;
	record = trace_allocate(sizeof *record);
	if (!record)
		return NULL;
	record->family = executor->family;
	record->confidence = executor->confidence;
	record->confirmed = executor->confirmed;
	record->level = executor->level;
	record->number = (uint32_t)(executor - executors);
	memcpy(record->name, executor->name, sizeof record->name);
	trace_publish(record, RECORD_EXECUTOR);
	if (!__atomic_compare_exchange_n(&executor->record, &first, record, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		record->confirmed = 0; /* another thread was first: ignore this one */
		return first;
	}
	return record;
}

struct trace_executor *executor_record(struct executor *executor)
{
	struct trace_executor *record = __atomic_load_n(&executor->record, __ATOMIC_ACQUIRE);

	return record ? record : executor_write_record(executor);
}

void executor_confirm(struct executor *executor)
{
	struct trace_executor *record = __atomic_load_n(&executor->record, __ATOMIC_ACQUIRE);

	if (!__atomic_exchange_n(&executor->confirmed, true, __ATOMIC_RELAXED))
		LOG("executor %s is confirmed: its findings count", executor->name);
	if (!record)
		return;
	__atomic_store_n(&record->confirmed, true, __ATOMIC_RELAXED);
	trace_had_turn();
}

void executor_reach(struct executor *executor, uint32_t level)
{
	if (executor->level >= level)
		return;
	executor->level = level;
	if (executor->record)
		executor->record->level = level;
}

void executors_forget_records(void)
{
	for (unsigned i = 0; i < MAX_EXECUTORS; i++)
		if (executors[i].record) /* a child pays for each page that it writes */
			executors[i].record = NULL;
}

#include "lock_errors.h"

#include <stdbool.h>
#include <stddef.h>

#include "runtime/modules/modules.h"
#include "trace.h"

static const struct trace_executor *lock_error_confirmed(uint32_t offset)
{
	const struct trace_executor *executor = offset ? trace_at(offset) : NULL;

	return executor && executor->confirmed ? executor : NULL;
}

static bool is_wrong_lock(const struct trace_lock_site *site)
{
	const struct trace_executor *executor = lock_error_confirmed(site->executor);

	if (!executor || !site->count || site->flags & LOCK_SITE_HANDS_OVER ||
	    (!(site->flags & LOCK_SITE_IN_LOOP) && site->level > executor->level))
		return false;
	if (site->fault != LOCK_ACROSS_YIELD || site->turns_waited || site->threads_waited)
		return true;
	return site->lock != TRACE_LOCK_FILE &&
	       (executor->family != FAMILY_EVENT_LOOP || site->flags & LOCK_SITE_COROUTINE);
}

static bool guard_site_is_refuted(const struct trace_guard_site *site)
{
	const struct trace_record *record;
	uint64_t at = sizeof(struct trace_header);

	while ((record = trace_next_record(&at))) {
		const struct trace_guard_site *other = (const void *)record;

		if (record->type == RECORD_GUARD_SITE && other->flags & GUARD_REFUTED &&
		    other->value == site->value &&
		    modules_find(other->poll) == modules_find(site->poll))
			return true;
	}
	return false;
}

static bool is_wrong_guard(const struct trace_guard_site *site)
{
	return lock_error_confirmed(site->executor) && site->yields &&
	       !(site->flags & GUARD_UNSURE) && !guard_site_is_refuted(site);
}

static bool is_wrong_wait(const struct trace_deadlock *deadlock)
{
	return lock_error_confirmed(deadlock->executor) && deadlock->count &&
	       deadlock->edge_count && deadlock->state != DEADLOCK_ENDED;
}

unsigned lock_errors(void)
{
	const struct trace_record *record;
	uint64_t at = sizeof(struct trace_header);
	unsigned found = 0;

	while ((record = trace_next_record(&at)))
		found +=
			(record->type == RECORD_LOCK_SITE && is_wrong_lock((const void *)record)) ||
			(record->type == RECORD_GUARD_SITE &&
			 is_wrong_guard((const void *)record)) ||
			(record->type == RECORD_DEADLOCK && is_wrong_wait((const void *)record));
	return found;
}

#include "lock.h"

static enum reason lock_row(const struct lock_facts *facts)
{
	if (facts->fault != LOCK_ACROSS_YIELD)
		return REASON_MISUSE;
	if (facts->lock == TRACE_LOCK_FILE)
		return REASON_HELD_FILE_LOCK;
	return facts->loops ? REASON_HELD_IN_LOOP : REASON_HELD_IN_TASK;
}

struct verdict lock_judge(const struct lock_facts *facts)
{
	enum reason row = lock_row(facts);
	struct verdict verdict = { SEVERITY_ERROR, REASON_BIT(row) };

	if (row == REASON_HELD_FILE_LOCK)
		verdict.severity = SEVERITY_NOTICE;
	else if (row == REASON_HELD_IN_LOOP)
		verdict.severity = SEVERITY_WARNING;
	if (facts->waited)
		verdict_raise(&verdict, SEVERITY_ERROR, REASON_LOCK_WAITED);
	if (facts->libraries_only && verdict.severity == SEVERITY_WARNING)
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_LIBRARIES_ONLY);
	return verdict;
}

struct verdict held_judge(enum held_kind kind, bool certain)
{
	static const struct verdict rows[HELD_KINDS] = {
		[HELD_KIND_LOCK] = { SEVERITY_ERROR, REASON_BIT(REASON_HELD_IN_TASK) },
		[HELD_KIND_ASYNC_LOCK] = { SEVERITY_NOTICE, REASON_BIT(REASON_HELD_ASYNC_LOCK) },
		[HELD_KIND_BORROW] = { SEVERITY_ERROR, REASON_BIT(REASON_HELD_IN_TASK) },
		[HELD_KIND_NON_SEND] = { SEVERITY_NOTICE, REASON_BIT(REASON_NON_SEND) },
		[HELD_KIND_LARGE] = { SEVERITY_WARNING, REASON_BIT(REASON_LARGE) },
	};
	struct verdict verdict = rows[kind];

	if (!certain && verdict.severity == SEVERITY_ERROR)
		verdict_lower(&verdict, SEVERITY_WARNING, REASON_UNSURE_VALUE);
	return verdict;
}

struct verdict guard_judge(bool unsure)
{
	struct verdict verdict = { SEVERITY_ERROR, REASON_BIT(REASON_HELD_IN_TASK) };

	if (unsure)
		verdict_lower(&verdict, SEVERITY_WARNING, REASON_UNSURE_VALUE);
	return verdict;
}

struct verdict deadlock_judge(bool went_on)
{
	struct verdict verdict = { SEVERITY_ERROR, REASON_BIT(REASON_DEADLOCK) };

	if (went_on)
		verdict_lower(&verdict, SEVERITY_WARNING, REASON_WENT_ON);
	return verdict;
}

struct verdict lost_judge(const struct lost_facts *facts)
{
	struct verdict verdict = { SEVERITY_WARNING, REASON_BIT(REASON_LOST_WAKER) };

	if (facts->is_waited_for)
		verdict_raise(&verdict, SEVERITY_ERROR, REASON_LOST_WAITED);
	else if (facts->never_completes)
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_KEPT_ON_PURPOSE);
	else if (facts->has_handle)
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_HANDLE_LEFT);
	else if (!facts->is_own)
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_LIBRARY_FUTURE);
	return verdict;
}

struct verdict cancelled_judge(void)
{
	return (struct verdict){ SEVERITY_NOTICE, REASON_BIT(REASON_CANCELLED) };
}

struct verdict left_behind_judge(bool on_purpose)
{
	struct verdict verdict = { SEVERITY_ERROR, REASON_BIT(REASON_LEFT_BEHIND) };

	if (on_purpose)
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_KEPT_ON_PURPOSE);
	return verdict;
}

#include "turn.h"

#include <sys/syscall.h>

enum turn_wait turn_wait_of(uint32_t system_call)
{
	if (system_call == TRACE_NO_SYSTEM_CALL)
		return TURN_WAIT_UNKNOWN;
	if (system_call == TRACE_PAGE_FAULT)
		return TURN_WAIT_PAGE;
	switch (system_call - 1) {
	case SYS_futex:
	case SYS_mmap:
	case SYS_munmap:
	case SYS_mprotect:
	case SYS_madvise:
	case SYS_mremap:
	case SYS_brk:
	/* The table of descriptors grows: once each CPU has switched threads. */
	case SYS_fcntl:
	case SYS_dup2:
	case SYS_dup3:
		return TURN_WAIT_SHORT_LOCK;
	case SYS_vfork:
	case SYS_clone:
	case SYS_clone3:
		return TURN_WAIT_CHILD;
	}
	return TURN_WAIT_OTHER;
}

/*
 * On a crowded machine a thread that slept briefly may have spent the rest waiting for a CPU. Doubt
 * the wait if its object was not seen, or was a short lock, whose holder may not have been
 * scheduled. Don't doubt it if it lasted several times as long as a turn that is an error, or if no
 * load explains it.
 */
static bool is_doubtful(const struct turn_facts *facts, const struct limits *limits)
{
	bool seen = facts->looked && facts->wait != TURN_WAIT_UNKNOWN &&
		    facts->wait != TURN_WAIT_SHORT_LOCK;

	return facts->crowded && !facts->in_progress && !seen &&
	       facts->own_ns < LIMIT_DOUBTFUL_WAIT * limits->turn_error_ns &&
	       (facts->wait == TURN_WAIT_SHORT_LOCK || facts->slept_ns < limits->turn_warning_ns);
}

enum trace_stall turn_stall(const struct turn_facts *facts, const struct limits *limits)
{
	if (facts->stall == STALL_WAITING && !facts->looked && is_doubtful(facts, limits))
		return STALL_UNKNOWN;
	return facts->stall;
}

static enum severity severity_of_length(uint64_t ns, const struct limits *limits)
{
	return ns >= limits->turn_error_ns     ? SEVERITY_ERROR
	       : ns >= limits->turn_warning_ns ? SEVERITY_WARNING
					       : SEVERITY_NOTICE;
}

static void judge_length(const struct turn_facts *facts, const struct limits *limits,
			 struct verdict *verdict)
{
	enum severity severity = severity_of_length(facts->own_ns, limits);
	uint64_t own_ns = facts->own_ns;

	if (facts->crowded && severity < severity_of_length(facts->ns, limits))
		verdict->reasons |= REASON_BIT(REASON_LOAD);
	if (facts->crowded && facts->stall == STALL_BUSY && !facts->in_progress) {
		own_ns = own_ns * LIMIT_LOADED_WORK_THIRDS / 3;
		if (severity_of_length(own_ns, limits) < severity)
			verdict->reasons |= REASON_BIT(REASON_LOADED_WORK);
	}
	verdict->severity = severity_of_length(own_ns, limits);
	if (facts->in_progress && verdict->severity == SEVERITY_NOTICE)
		verdict->severity = SEVERITY_NONE;
}

enum severity turn_most_alone(uint64_t ns)
{
	return ns >= LIMIT_ROOT_HANG ? SEVERITY_WARNING : SEVERITY_NOTICE;
}

struct verdict turn_judge(const struct turn_facts *facts, const struct limits *limits)
{
	struct verdict verdict = { .reasons = REASON_BIT(REASON_TURN_LENGTH) };
	bool waits = facts->stall == STALL_WAITING;

	judge_length(facts, limits, &verdict);
	if (facts->stall == STALL_RUNNABLE)
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_RUNNABLE);
	if (waits && facts->wait == TURN_WAIT_CHILD)
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_CHILD_BEGINS);
	if (waits && facts->wait == TURN_WAIT_PAGE && verdict.severity == SEVERITY_WARNING)
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_PAGE_FAULT);
	if (facts->alone)
		verdict_lower(&verdict, turn_most_alone(facts->own_ns), REASON_ALONE);
	if (facts->stall != STALL_BUSY && facts->stall != STALL_RUNNABLE &&
	    is_doubtful(facts, limits))
		verdict_lower(&verdict, SEVERITY_NOTICE, REASON_DOUBTFUL_WAIT);
	if (facts->stall != STALL_BUSY && !facts->looked && !facts->in_progress &&
	    facts->slept_ns < limits->turn_error_ns)
		verdict_lower(&verdict, SEVERITY_WARNING, REASON_NOT_SEEN_ASLEEP);
	if (waits && facts->crowded && facts->wait == TURN_WAIT_SHORT_LOCK)
		verdict_lower(&verdict, SEVERITY_WARNING, REASON_SHORT_LOCK);
	if (!facts->place_known && verdict.severity > SEVERITY_NOTICE)
		verdict_lower(&verdict, verdict.severity - 1, REASON_NO_PLACE);
	return verdict;
}

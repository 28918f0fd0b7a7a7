#include "call.h"

#include <stddef.h>

enum row_limit { LIMIT_OF_NEVER, LIMIT_OF_WAIT, LIMIT_OF_DISK, LIMIT_OF_CHILD_END };

struct row {
	enum severity awake, shorter;
	enum row_limit limit;
	bool load;
};

static const struct row rows[REASONS] = {
#define ROW(reason, awake, shorter, limit, load)                                                   \
	[REASON_##reason] = { SEVERITY_##awake, SEVERITY_##shorter, LIMIT_OF_##limit, load },
#include "call_table.def"
#undef ROW
};

static uint64_t limit_ns(const struct row *row, uint64_t delay_ns, const struct limits *limits)
{
	switch (row->limit) {
	case LIMIT_OF_WAIT:
		return limits->wait_ns;
	case LIMIT_OF_DISK:
		return limits->disk_ns;
	case LIMIT_OF_CHILD_END:
		return limits->wait_ns +
		       (delay_ns >= LIMIT_LOAD_DELAY ? LIMIT_CHILD_END_LOADED : LIMIT_CHILD_END);
	case LIMIT_OF_NEVER:
		break;
	}
	return UINT64_MAX;
}

static bool is_on_disk(enum trace_subject subject)
{
	return subject == SUBJECT_REGULAR_FILE || subject == SUBJECT_DIRECTORY;
}

static enum reason row_of_transfer(const struct call_facts *facts)
{
	if (facts->nonblocking && facts->subject != SUBJECT_REGULAR_FILE &&
	    facts->subject != SUBJECT_MEMORY_FILE)
		return REASON_NEVER;
	/* As good as O_NONBLOCK, unless another thread took the data first. */
	if (facts->ready && !facts->slept && facts->subject != SUBJECT_REGULAR_FILE)
		return REASON_NEVER;
	switch (facts->subject) {
	case SUBJECT_REGULAR_FILE:
		return facts->output ? REASON_OUTPUT : REASON_FILE;
	case SUBJECT_DIRECTORY:
		return REASON_METADATA;
	case SUBJECT_PIPE:
		if (facts->follows)
			return REASON_PIPE_END;
		return facts->output ? REASON_OUTPUT : REASON_DESCRIPTOR;
	case SUBJECT_SOCKET:
	case SUBJECT_TERMINAL:
		return facts->output ? REASON_OUTPUT : REASON_DESCRIPTOR;
	case SUBJECT_EVENT:
		return REASON_EVENT;
	default: /* /proc, tmpfs, /dev/null */
		return REASON_MEMORY_FILE;
	}
}

static enum reason row_of_open(const struct call_facts *facts)
{
	if (facts->failed || facts->subject == SUBJECT_DIRECTORY)
		return REASON_METADATA;
	if (facts->subject == SUBJECT_NONE) /* left before its end: most likely a FIFO */
		return REASON_OPEN_LEFT;
	if (facts->subject == SUBJECT_PIPE || facts->subject == SUBJECT_TERMINAL)
		return REASON_EVENT;
	/* O_NONBLOCK: a lock's file, or a look at what it is. Its content is judged when read. */
	if (facts->nonblocking && facts->subject == SUBJECT_REGULAR_FILE && !facts->output)
		return REASON_METADATA;
	return row_of_transfer(facts);
}

static enum reason call_row(const struct call_facts *facts)
{
	switch (facts->class) {
	case CLASS_PURPOSE:
		return facts->local_name ? REASON_LOCAL_NAME : REASON_PURPOSE;
	case CLASS_SYNC:
		if (facts->output && facts->subject == SUBJECT_REGULAR_FILE)
			return REASON_OUTPUT;
		return is_on_disk(facts->subject) || facts->subject == SUBJECT_NONE
			       ? REASON_SYNC
			       : REASON_SYNC_MEMORY;
	case CLASS_SPAWN:
		return REASON_SPAWN;
	case CLASS_OTHERS:
		return facts->no_events && !facts->failed ? REASON_NO_EVENTS : REASON_OTHERS;
	case CLASS_CHILD:
		return facts->follows	  ? REASON_CHILD_END
		       : facts->ran_child ? REASON_PROGRAM
					  : REASON_OTHERS;
	case CLASS_LOCK:
		return REASON_LOCK;
	case CLASS_OPEN:
		return row_of_open(facts);
	case CLASS_TRANSFER:
	case CLASS_STREAM_IN:
	case CLASS_STREAM_OUT:
		return row_of_transfer(facts);
	case CLASS_METADATA:
		return REASON_METADATA;
	case CLASS_OUTPUT:
		return REASON_OUTPUT;
	case CLASS_FORWARD:
	case CALL_CLASSES:
		break;
	}
	return REASON_NEVER;
}

struct verdict call_judge(const struct call_facts *facts, const struct limits *limits)
{
	enum reason reason = call_row(facts);
	const struct row *row = &rows[reason];
	struct verdict verdict = { facts->slept ? row->shorter : row->awake, REASON_BIT(reason) };
	uint64_t limit = limit_ns(row, facts->delay_ns, limits);

	if (!facts->slept || facts->slept_ns < limit)
		return verdict;
	if (row->limit == LIMIT_OF_DISK && facts->disk_busy &&
	    facts->slept_ns < limit + LIMIT_DISK_BUSY)
		verdict.reasons |= REASON_BIT(REASON_DISK_BUSY);
	else if (row->load && facts->slept_ns - limit < facts->delay_ns)
		verdict.reasons |= REASON_BIT(REASON_LOAD);
	else
		verdict_raise(&verdict, SEVERITY_ERROR, REASON_SLEPT);
	if (reason_is_in(verdict.reasons, REASON_SLEPT) && row->load &&
	    facts->delay_ns >= LIMIT_LOAD_DELAY)
		verdict.reasons |= REASON_BIT(REASON_CROWDED);
	return verdict;
}

static bool waits_for_disk(const struct call_progress *progress)
{
	return is_on_disk(progress->subject) || progress->class == CLASS_METADATA ||
	       progress->output;
}

struct verdict call_judge_in_progress(const struct call_progress *progress,
				      const struct limits *limits)
{
	const struct call_facts facts = { .class = progress->class,
					  .subject = progress->subject,
					  .output = progress->output };
	struct verdict verdict = { SEVERITY_NONE, REASON_BIT(call_row(&facts)) };
	uint64_t error_ns = waits_for_disk(progress) ? limits->disk_ns : limits->wait_ns;

	if (!progress->running && !progress->seen_asleep)
		error_ns += LIMIT_KILLED_DELAY;
	if (progress->class == CLASS_PURPOSE || progress->last_ns >= progress->start_ns + error_ns)
		verdict_raise(&verdict, SEVERITY_ERROR, REASON_NOT_ENDED);
	else if (progress->last_ns + LIMIT_LAST_LOOK > progress->start_ns)
		return verdict;
	else if (progress->subject == SUBJECT_REGULAR_FILE) /* its duration is not known */
		verdict_raise(&verdict, SEVERITY_WARNING, REASON_NOT_ENDED);
	else if (progress->subject != SUBJECT_MEMORY_FILE)
		verdict_raise(&verdict, SEVERITY_ERROR, REASON_NOT_ENDED);
	return verdict;
}

#include "judgement.h"

#include "runtime/trace/crowd.h"
#include "runtime/base/runtime.h"

/*
 * A process that has closed its last pipe still has its memory to give back, and gets its turn when
 * the machine has one: 0.2 to 6 ms were measured, 106 on a crowded one. Who read that pipe to its
 * end, which was told, and then waits, or reads the other pipe that is closed next, is on this side
 * of the threshold at one time and on that side at another.
 */
#define PROCESS_END_US	       100000
#define CROWDED_PROCESS_END_US 1000000

static enum severity by_sleep_of(const struct call_outcome *outcome, uint64_t us,
				 enum severity shorter)
{
	uint64_t threshold_ns = us * UINT64_C(1000);

	threshold_ns += outcome->delay_ns;
	if (outcome->slept && outcome->slept_ns >= threshold_ns)
		return SEVERITY_ERROR;
	return shorter;
}

/* An error from the threshold on (option wait_error_us), below it what the class says. */
static enum severity by_sleep(const struct call_outcome *outcome, enum severity shorter)
{
	return by_sleep_of(outcome, runtime_options.wait_error_us, shorter);
}

/*
 * The call that found everything in memory a thousand times waits some milliseconds for a journal
 * that others fill: it would be an error at one time and none at another. So a disk has a threshold
 * of its own.
 */
static enum severity by_disk(const struct call_outcome *outcome, enum severity shorter)
{
	return by_sleep_of(outcome, runtime_options.disk_error_us, shorter);
}

static enum severity by_process_end(const struct call_outcome *outcome, enum severity shorter)
{
	return by_sleep_of(outcome,
			   runtime_options.wait_error_us + (outcome->delay_ns >= CROWD_DELAY_NS
								    ? CROWDED_PROCESS_END_US
								    : PROCESS_END_US),
			   shorter);
}

/*
 * To start a program and to wait for it is system() by another name: no load makes that an error,
 * for the start of any program takes longer than the threshold.
 */
static enum severity by_program(const struct call_outcome *outcome)
{
	return outcome->slept_ns >= runtime_options.wait_error_us * UINT64_C(1000)
		       ? SEVERITY_ERROR
		       : SEVERITY_NOTICE;
}

static bool is_on_disk(enum trace_subject subject)
{
	return subject == SUBJECT_REGULAR_FILE || subject == SUBJECT_DIRECTORY;
}

static enum severity if_slept(const struct call_outcome *outcome, enum severity shorter)
{
	return outcome->slept ? by_sleep(outcome, shorter) : SEVERITY_NONE;
}

static enum severity transfer(enum trace_subject subject, unsigned site_flags, bool nonblocking,
			      const struct call_outcome *outcome)
{
	if (nonblocking && subject != SUBJECT_REGULAR_FILE && subject != SUBJECT_MEMORY_FILE)
		return SEVERITY_NONE;
	if (site_flags & SITE_APPENDS)
		return (is_on_disk(subject) ? by_disk : by_sleep)(
			outcome, subject == SUBJECT_MEMORY_FILE || subject == SUBJECT_DEVICE
					 ? SEVERITY_NONE
					 : SEVERITY_NOTICE);
	switch (subject) {
	case SUBJECT_REGULAR_FILE:
		return by_disk(outcome, SEVERITY_WARNING);
	case SUBJECT_PIPE:
		if (outcome->follows)
			return by_process_end(outcome, SEVERITY_WARNING);
		return by_sleep(outcome, SEVERITY_WARNING);
	case SUBJECT_SOCKET:
	case SUBJECT_TERMINAL:
		return by_sleep(outcome, SEVERITY_WARNING);
	case SUBJECT_EVENT:
		return if_slept(outcome, SEVERITY_WARNING);
	case SUBJECT_DIRECTORY:
		return by_disk(outcome, SEVERITY_NOTICE);
	default: /* /proc, tmpfs, /dev/null: nothing to wait for, unless it did */
		return by_sleep(outcome, SEVERITY_NONE);
	}
}

enum severity call_judge(enum call_class class, enum trace_subject subject, unsigned site_flags,
			 bool nonblocking, const struct call_outcome *outcome)
{
	switch (class) {
	case CLASS_PURPOSE:
		return SEVERITY_ERROR;
	case CLASS_SYNC:
		return subject == SUBJECT_REGULAR_FILE || subject == SUBJECT_DIRECTORY
			       ? SEVERITY_ERROR
			       : if_slept(outcome, SEVERITY_NOTICE);
	case CLASS_SPAWN:
		return outcome->slept ? SEVERITY_NOTICE : SEVERITY_NONE;
	case CLASS_OTHERS:
		if (site_flags & SITE_SLEEPS && !outcome->failed)
			return SEVERITY_ERROR;
		return if_slept(outcome, SEVERITY_NOTICE);
	case CLASS_CHILD:
		if (outcome->slept && outcome->follows)
			return by_process_end(outcome, SEVERITY_NOTICE);
		if (outcome->ran_child)
			return by_program(outcome);
		return if_slept(outcome, SEVERITY_NOTICE);
	case CLASS_LOCK:
		return if_slept(outcome, SEVERITY_WARNING);
	case CLASS_OPEN:
		if (outcome->failed || subject == SUBJECT_DIRECTORY)
			return by_disk(outcome, SEVERITY_NOTICE);
		if (subject == SUBJECT_NONE) /* left before its end: a FIFO, as likely as not */
			return by_sleep(outcome, SEVERITY_NOTICE);
		if (subject == SUBJECT_PIPE || subject == SUBJECT_TERMINAL)
			return if_slept(outcome, SEVERITY_WARNING);
		return transfer(subject, site_flags, nonblocking, outcome);
	case CLASS_TRANSFER:
	case CLASS_STREAM_IN:
	case CLASS_STREAM_OUT:
		return transfer(subject, site_flags, nonblocking, outcome);
	case CLASS_METADATA:
		return by_disk(outcome, SEVERITY_NOTICE);
	case CLASS_OUTPUT:
		return by_sleep(outcome, SEVERITY_NOTICE);
	case CLASS_FORWARD:
		break;
	}
	return SEVERITY_NONE;
}

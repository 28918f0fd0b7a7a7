#include "call_outcome.h"

#include <stdio_ext.h>
#include <sys/resource.h>

#include "runtime/process/descriptors.h"
#include "runtime/trace/crowd.h"
#include "runtime/trace/trace.h"
#include "runtime/base/runtime.h"
#include "child_pipes.h"
#include "output_end.h"
#include "runtime/turns/turn_usage.h"
#include "wait_delay.h"

void call_usage_take(void)
{
	struct thread_state *self = &this_thread;
	struct rusage usage;

	self->usage_known = true;
	self->usage.switches = -1;
	if (runtime_silent)
		return;
	/* Fails only under a seccomp filter that was installed without libc. */
	if (getrusage(RUSAGE_THREAD, &usage)) {
		trace_give_up_calls();
		return;
	}
	self->usage.cpu_ns = timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
	self->usage.switches = usage.ru_nvcsw;
}

/* Its sleep is short, if it sleeps at all: a transfer of a file, the close of one. */
static bool is_cheap(enum call_class class, uint8_t kind)
{
	return (class >= CLASS_TRANSFER && kind < SUBJECT_PIPE) ||
	       (class == CLASS_OTHERS && kind == SUBJECT_REGULAR_FILE);
}

bool call_usage_is_old(enum call_class class, uint8_t kind)
{
	return !this_thread.usage_known || !is_cheap(class, kind);
}

bool call_reached_descriptor(const struct call_watch *watch, bool slept)
{
	size_t pending;

	if (call_infos[watch->call].class != CLASS_STREAM_OUT || !watch->subject.stream || slept)
		return true;
	pending = __fpending(watch->subject.stream);
	if (pending <= watch->stream_pending)
		return true;
	return watch->subject.bytes && pending - watch->stream_pending != watch->subject.bytes;
}

/*
 * A short call on a file matters only if it slept for long. One in TRACE_SLEEP_SAMPLES of these is
 * measured and stands for the others.
 */
static bool is_sampled(const struct call_watch *watch, const struct outcome *outcome)
{
	return outcome->wall_ns < TRACE_SHORT_CALL_NS &&
	       is_cheap(outcome->facts.class, watch->kind) && !watch->subject.spins;
}

static bool is_passed_over(const struct call_watch *watch, const struct outcome *outcome)
{
	return is_sampled(watch, outcome) &&
	       this_thread.short_calls++ % TRACE_SLEEP_SAMPLES != TRACE_SLEEP_SAMPLES - 1;
}

struct outcome call_outcome(const struct call_watch *watch, uint64_t end_ns,
			    const struct limits *limits)
{
	struct outcome outcome = {
		.wall_ns = end_ns - watch->start_ns,
		.facts = {
			.class = call_infos[watch->call].class,
			.no_events = watch->flags & SITE_SLEEPS,
			.local_name = watch->subject.local_name,
			.failed = watch->failed,
			.ready = watch->ready,
			.follows = output_end_was_awaited(watch),
		},
	};
	struct call_facts *facts = &outcome.facts;
	uint64_t cpu_ns;

	if (outcome.wall_ns < LIMIT_SHORTEST_SLEEP || is_passed_over(watch, &outcome))
		return outcome;
	call_usage_take();
	if (this_thread.usage.switches < 0 || watch->switches < 0) {
		/* The kernel does not answer: use only the clock. */
		facts->slept = true;
		facts->slept_ns = outcome.wall_ns;
		return outcome;
	}
	facts->slept = this_thread.usage.switches > watch->switches;
	cpu_ns = this_thread.usage.cpu_ns - watch->cpu_ns;
	/* For the turn this is as bad as sleeping, while it had a CPU to spin on. */
	if (watch->subject.spins) {
		facts->slept = true;
		facts->slept_ns = cpu_ns < outcome.wall_ns ? cpu_ns : outcome.wall_ns;
		outcome.spun = true;
	} else if (facts->slept && outcome.wall_ns > cpu_ns) {
		facts->slept_ns = outcome.wall_ns - cpu_ns;
		if (is_sampled(watch, &outcome))
			outcome.others_slept_ns = facts->slept_ns * (TRACE_SLEEP_SAMPLES - 1);
	}
	if (facts->class == CLASS_CHILD)
		facts->ran_child =
			child_was_run(this_thread.awaited_child, facts->slept_ns, end_ns);
	if (facts->slept_ns >= limits->wait_ns || facts->slept_ns >= limits->disk_ns)
		facts->delay_ns = wait_delay(watch, end_ns);
	if (facts->slept_ns >= limits->disk_ns)
		facts->disk_busy = crowd_disks_were_busy(watch->start_ns);
	return outcome;
}

/* What it was about is gone, or is another file by now. */
static bool call_closes(int call)
{
	switch (call) {
	case CALL_close:
	case CALL___close:
	case CALL_dup2:
	case CALL___dup2:
	case CALL_dup3:
		return true;
	}
	return false;
}

void call_ask_again(struct call_watch *watch, struct call_facts *facts)
{
	int fd = watch->fd_made >= 0 ? watch->fd_made : watch->subject.fd;
	struct descriptor descriptor;

	if (fd < 0 || watch->kind == SUBJECT_REGULAR_FILE || call_closes(watch->call))
		return;
	descriptor = watch->fd_made >= 0
			     ? descriptor_opened(fd, watch->path_opened, watch->fd_flags)
			     : descriptor_ask(fd);
	if (descriptor.subject == SUBJECT_NONE) /* closed meanwhile */
		return;
	watch->kind = descriptor.subject;
	if (watch->fd_made >= 0 && descriptor.append) /* a log */
		watch->flags |= SITE_APPENDS;
	facts->nonblocking = descriptor.nonblocking;
}

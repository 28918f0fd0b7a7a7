#include "hang_enders.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hang_own_lock.h"
#include "hang_siblings.h"
#include "inspect/outside_stack.h"
#include "inspect/pipe_ends.h"
#include "inspect/process_file.h"
#include "inspect/system_call_name.h"
#include "inspect/task_type.h"
#include "report/collecting/collection.h"
#include "report/wording/lock_words.h"

/* Shared by the steps that examine one thread. */
struct search {
	struct collection *collection;
	struct session *session;
	pid_t pid; /* 0: of a core */
	const struct process_memory *memory;
	struct outside *outside;
	const struct thread_wait *wait;
};

static const char *thread_name(const struct search *search, int32_t tid)
{
	char name[64];

	return search->pid && search->memory &&
			       process_text(search->pid, tid, "comm", name, sizeof name)
		       ? strings_keep(&search->session->strings, name)
		       : NULL;
}

/* A thread's current position; empty if it does not sleep. */
static struct stack stack_now(const struct search *search, int32_t tid)
{
	uint64_t frames[TRACE_MAX_FRAMES];
	struct thread_wait wait;
	size_t count;

	if (!search->outside || !trace_file_wait(search->collection->trace, tid, &wait))
		return (struct stack){ 0 };
	count = outside_stack(search->outside, &wait, frames, TRACE_MAX_FRAMES);
	return stack_native(&search->collection->space, search->collection->process->ownership,
			    frames, count, search->collection->trace->read_ns);
}

static void set_thread(const struct search *search, int32_t tid, struct hung_thread *thread)
{
	struct ender *ender = &thread->ender;

	ender->kind = tid == thread->tid ? ENDER_SELF : ENDER_THREAD;
	ender->id = tid;
	ender->name = thread_name(search, tid);
	if (tid != thread->tid && !ender->now.count)
		ender->now = stack_now(search, tid);
}

/* Whether only this thread can release a lock. In a runtime with several threads another one may
 * poll a suspended task; a guard does not show which runtime its task belongs to. */
static bool is_threads_own(const struct search *search, const struct trace_deadlock *deadlock,
			   const struct trace_deadlock_edge *edge)
{
	const struct trace_executor *executor =
		trace_file_record(search->collection->trace, deadlock->executor, RECORD_EXECUTOR);

	if (edge->guard)
		return false;
	return !edge->suspended || (executor && executor->family == FAMILY_EVENT_LOOP);
}

/* The thread holds the lock itself, or the lock is part of a cycle of such waits. */
static bool edge_is_proven(const struct search *search, const struct trace_deadlock *deadlock,
			   const struct trace_deadlock_edge *edge)
{
	if (deadlock->state != DEADLOCK_CYCLE)
		return edge->holder == edge->tid && is_threads_own(search, deadlock, edge);
	for (uint32_t i = 0; i < deadlock->edge_count && i < TRACE_MAX_EDGES; i++)
		if (!is_threads_own(search, deadlock, &deadlock->edges[i]))
			return false;
	return true;
}

static void hang_take_edge(const struct search *search, const struct trace_deadlock *deadlock,
			   const struct trace_deadlock_edge *edge, struct hung_thread *thread)
{
	struct ender *ender = &thread->ender;
	struct finding_stack holding = { 0 }, taken = { 0 }, now = { 0 };

	thread->lock = edge->address;
	thread->subject = lock_name(search->session, edge->lock, edge->address);
	collection_stack(search->collection, edge->acquired, deadlock->start_ns, &taken);
	ender->acquired = *finding_stack_face(&taken);
	if (edge->holds_since_ns)
		ender->for_ns = collection_elapsed(search->collection, edge->holds_since_ns);
	if (edge->task_poll)
		ender->task = task_type_name(&search->collection->space, edge->task_poll);
	if (edge->present) {
		collection_stack(search->collection, edge->present, deadlock->start_ns, &now);
		ender->now = now.native;
	}
	if (edge->guard &&
	    collection_guard(search->collection, edge->guard, &holding, &ender->words)) {
		ender->kind = ENDER_TASK;
		ender->now = holding.native;
	} else if (edge->suspended) {
		ender->kind = ENDER_TASK;
	} else if (edge->holder) {
		set_thread(search, edge->holder, thread);
	}
	ender->id = edge->holder;
	/* pthread_mutex_timedlock, pthread_rwlock_clockrdlock, ... */
	thread->deadlock = thread->what && !strstr(thread->what, "timed") &&
			   !strstr(thread->what, "clock") && edge_is_proven(search, deadlock, edge);
}

/* The runtime tracks waits for locks whose holder is known. */
static bool find_edge(const struct search *search, struct hung_thread *thread)
{
	struct collection *collection = search->collection;

	for (size_t i = 0; i < collection->trace->records[RECORD_DEADLOCK].count; i++) {
		const struct trace_deadlock *deadlock =
			collection_record(collection, RECORD_DEADLOCK, i);

		for (uint32_t n = 0; deadlock->state != DEADLOCK_ENDED &&
				     n < deadlock->edge_count && n < TRACE_MAX_EDGES;
		     n++)
			if (deadlock->edges[n].tid == thread->tid) {
				hang_take_edge(search, deadlock, &deadlock->edges[n], thread);
				return true;
			}
	}
	return false;
}

static bool is_thread(const struct search *search, int32_t tid)
{
	struct thread_wait wait;
	char path[64];

	if (!search->pid)
		return trace_file_wait(search->collection->trace, tid, &wait);
	snprintf(path, sizeof path, "/proc/%d/task/%d", (int)search->pid, (int)tid);
	return tid > 0 && !access(path, F_OK);
}

static bool hang_read_word(const struct search *search, uint64_t address, int32_t *word)
{
	return process_memory_read(search->memory, address, word, sizeof *word) == sizeof *word;
}

/*
 * A lock of glibc 2.36 names its owner. Words from the futex on, for a mutex: lock, count, owner.
 * In a read-write lock the writer is 16 bytes after the word on which readers wait, and 12 bytes
 * after that of writers.
 */
static void find_owner(const struct search *search, struct hung_thread *thread)
{
	static const struct {
		const char *call, *word;
		unsigned places[2];
	} locks[] = {
		{ "pthread_mutex_", "mutex", { 8, 8 } },
		{ "mtx_", "mutex", { 8, 8 } },
		{ "pthread_rwlock_", "read-write lock", { 16, 12 } },
	};
	uint64_t futex = search->wait->arguments[0];
	int32_t owner;

	for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
		if (strncmp(thread->what, locks[i].call, strlen(locks[i].call)) != 0)
			continue;
		thread->subject = strings_print(&search->session->strings, "%s at 0x%" PRIx64,
						locks[i].word, futex);
		for (size_t j = 0; j < 2; j++)
			if (hang_read_word(search, futex + locks[i].places[j], &owner) &&
			    is_thread(search, owner) && (i < 2 || owner != thread->tid)) {
				thread->lock = futex;
				set_thread(search, owner, thread);
				thread->deadlock = owner == thread->tid &&
						   strstr(thread->what, "_lock") != NULL;
				return;
			}
	}
	/* The kernel clears a word of the thread's descriptor, which holds its tid, when the thread
	 * ends. */
	if (!strcmp(thread->what, "pthread_join") &&
	    is_thread(search, (int32_t)search->wait->arguments[2]))
		set_thread(search, (int32_t)search->wait->arguments[2], thread);
}

static const char *const on_descriptors[] = {
	"read",	   "readv",    "pread64",   "write",   "writev",   "pwrite64", "recvfrom",
	"recvmsg", "recvmmsg", "sendto",    "sendmsg", "sendmmsg", "accept",   "accept4",
	"connect", "fsync",    "fdatasync", "flock",   "ioctl",	   "fcntl",    "splice",
};

static void set_process(const struct search *search, pid_t pid, struct ender *ender)
{
	char name[64];

	ender->kind = ENDER_PROCESS;
	ender->id = pid;
	if (search->pid && process_text(pid, pid, "comm", name, sizeof name))
		ender->name = strings_keep(&search->session->strings, name);
}

/* Describes a descriptor and, for a pipe, finds the process with its other end. */
static void find_descriptor(const struct search *search, const char *call,
			    struct hung_thread *thread)
{
	struct strings *strings = &search->session->strings;
	char path[64], target[512];
	struct pipe_ends ends;
	ssize_t length;

	if (!search->pid)
		return;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)search->pid,
		 (int)search->wait->arguments[0]);
	length = readlink(path, target, sizeof target - 1);
	if (length <= 0)
		return;
	target[length] = '\0';
	if (!strncmp(target, "socket:", 7)) {
		thread->subject = "a socket";
	} else if (!strncmp(target, "pipe:", 5)) {
		thread->subject = "a pipe";
		pipe_ends_find(&ends, search->pid, target, strstr(call, "read") != NULL);
		if (ends.other)
			set_process(search, ends.other, &thread->ender);
		else if (ends.own)
			set_process(search, search->pid, &thread->ender);
	} else {
		thread->subject = strings_keep(strings, target);
	}
}

static void find_process(const struct search *search, const char *call, struct hung_thread *thread)
{
	bool by_id = !strcmp(call, "waitid");
	int32_t pid = (int32_t)search->wait->arguments[by_id];

	if ((!by_id && strcmp(call, "wait4") != 0) || pid <= 0 ||
	    (by_id && search->wait->arguments[0] != 1 /* P_PID */))
		return;
	thread->subject = "a child";
	set_process(search, pid, &thread->ender);
}

void hang_find_ender(struct collection *collection, const struct process_memory *memory,
		     struct outside *outside, const struct thread_wait *wait,
		     struct hung_thread *thread)
{
	const struct search search = {
		.collection = collection,
		.session = collection->report->session,
		.pid = collection->trace->running ? collection->trace->header->pid : 0,
		.memory = memory,
		.outside = outside,
		.wait = wait,
	};
	const char *call = wait->system_call
				   ? system_call_name(&search.session->strings, wait->system_call)
				   : thread->what;

	if (find_edge(&search, thread) || !call || !thread->what)
		return;
	if (strstr(call, "nanosleep")) {
		thread->ender.kind = ENDER_TIME;
		return;
	}
	if (!memory || !wait->system_call)
		return;
	if (!strcmp(call, "futex")) {
		find_owner(&search, thread);
		if (thread->ender.kind == ENDER_UNKNOWN)
			hang_find_own_lock(collection, memory, outside, wait, thread);
		if (thread->ender.kind == ENDER_UNKNOWN)
			hang_find_sibling(collection, memory, wait, thread);
	}
	for (size_t i = 0; i < sizeof on_descriptors / sizeof *on_descriptors; i++)
		if (!strcmp(call, on_descriptors[i]))
			find_descriptor(&search, call, thread);
	find_process(&search, call, thread);
}

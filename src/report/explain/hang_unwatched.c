#include "hang_unwatched.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "hang.h"
#include "hang_enders.h"
#include "hang_guards.h"
#include "hang_python.h"
#include "inspect/outside_stack.h"
#include "inspect/process_file.h"
#include "inspect/system_call_name.h"
#include "report/collecting/collection.h"
#include "report/model/process.h"
#include "report/wording/library_function.h"
#include "shared/text.h"

#define MOST_UNWATCHED 8192	 /* threads */
#define BETWEEN_NS     120000000 /* two looks */

/* A thread at the first look. */
struct first_look {
	int32_t tid;
	bool sleeps;
	uint64_t switches; /* voluntary ones so far */
};

struct unwatched_looking {
	struct hang *hang;
	struct collection *collection;
	const struct trace_file *trace;
	struct process_memory memory;
	struct outside *outside;
	struct first_look *looks;
	size_t count;
};

static void look_first(struct unwatched_looking *looking)
{
	const struct timespec pause = { .tv_nsec = BETWEEN_NS };
	int32_t *tids = memory_get(MOST_UNWATCHED * sizeof *tids);
	struct thread_wait wait;

	looking->count = trace_file_threads(looking->trace, tids, MOST_UNWATCHED);
	looking->looks = memory_get((looking->count + 1) * sizeof *looking->looks);
	for (size_t i = 0; i < looking->count; i++) {
		struct first_look *look = &looking->looks[i];

		look->tid = tids[i];
		if (!looking->trace->running)
			continue;
		look->switches = thread_switches(looking->trace->header->pid, look->tid);
		look->sleeps = trace_file_wait(looking->trace, look->tid, &wait);
	}
	free(tids);
	if (looking->trace->running)
		nanosleep(&pause, NULL);
}

/* Whether it is where it was at the first look. A core is one look. */
static bool slept_throughout(const struct unwatched_looking *looking, const struct first_look *look,
			     const struct thread_wait *wait)
{
	pid_t pid = looking->trace->header->pid;

	if (!looking->trace->running)
		return wait->system_call != TRACE_PAGE_FAULT;
	return look->sleeps && look->switches == thread_switches(pid, look->tid);
}

/* A signal that a thread sends to itself or to its process: its core was made in that call. */
static bool sends_signal(const struct thread_wait *wait)
{
	static const int calls[] = { SYS_tgkill, SYS_tkill, SYS_kill, SYS_rt_sigqueueinfo,
				     SYS_rt_tgsigqueueinfo };

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (wait->system_call == (uint32_t)calls[i] + 1)
			return true;
	return false;
}

static bool frame_names(const struct frame *frame, const char *part)
{
	return frame->function && strstr(frame->function, part);
}

/* What a thread does, from its stack. */
struct thread_role {
	const struct frame *poll; /* of the innermost task; NULL */
	bool is_worker, is_job, has_root;
	bool waits_for_work; /* an executor's function waits, not the program's */
};

/* A job of the blocking pool is polled by the pool, and everything else by a scheduler. The pool of
 * the blocking crate runs its jobs from a function of its own. */
static bool is_polled_by_pool(const struct stack *stack, size_t poll)
{
	for (size_t i = poll + 1; i < stack->count; i++) {
		if (frame_names(&stack->frames[i], "::blocking::pool") ||
		    frame_names(&stack->frames[i], "blocking::Executor::"))
			return true;
		if (frame_names(&stack->frames[i], "::scheduler::") ||
		    frame_names(&stack->frames[i], "async_executor::") ||
		    frame_names(&stack->frames[i], "::task::local"))
			return false;
	}
	return false;
}

static struct thread_role role_of(const struct stack *stack)
{
	struct thread_role role = { 0 };
	bool program = false, executor = false;

	for (size_t i = 0; i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];

		if (!role.poll) {
			program |= hang_is_program(frame);
			executor |= frame->owner == OWNER_EXECUTOR;
			role.waits_for_work |= executor && !program;
		}
		role.is_worker |= frame_names(frame, HANG_WORKER);
		role.has_root |= frame->owner == OWNER_EXECUTOR && frame_names(frame, "block_on");
		if (frame->turn_boundary && !role.poll && !role.is_job) {
			role.is_job = is_polled_by_pool(stack, i);
			if (!role.is_job)
				role.poll = frame;
		}
	}
	/* A worker is itself a job of the pool. */
	role.is_job &= !role.is_worker && !role.poll;
	return role;
}

/* The function of libc that the program called, if it waits for a lock or a thread: its name says
 * where the owner is. */
static const char *lock_function(struct strings *strings, const struct stack *stack)
{
	static const char *const calls[] = { "pthread_mutex_", "pthread_rwlock_", "pthread_join",
					     "mtx_" };
	const char *found = NULL;

	for (size_t i = 0; i < stack->count && stack->frames[i].owner == OWNER_SYSTEM; i++) {
		const char *name = stack->frames[i].function;
		size_t length;

		if (!name)
			continue;
		name += strspn(name, "_");
		if (!strncmp(name, "GI_", 3))
			name += 3 + strspn(name + 3, "_");
		length = strcspn(name, "@");
		for (size_t j = 0; j < sizeof calls / sizeof *calls; j++)
			if (!strncmp(name, calls[j], strlen(calls[j])))
				found = strings_keep_part(strings, name, length);
	}
	return found;
}

static void set_call(struct unwatched_looking *looking, const struct thread_wait *wait,
		     struct hung_thread *thread)
{
	struct strings *strings = &looking->hang->session->strings;
	const char *call = system_call_name(strings, wait->system_call), *lock = NULL;
	struct finding_stack stack = { .native = thread->native };
	const struct finding seen = {
		.stacks = &stack,
		.stack_count = 1,
		.call = call,
		.category = "lock",
		.family = thread->family,
		.executor_id = thread->executor_id,
		.executor = thread->executor,
	};

	if (!strcmp(call, "futex"))
		lock = lock_function(strings, &thread->native);
	thread->doing = DOING_WAIT;
	thread->what = lock ? lock : call;
	thread->system_call = lock ? call : NULL;
	thread->function =
		thread->native.count ? library_function(looking->hang->session, &seen) : NULL;
	if (thread->function && !strcmp(thread->function, thread->what))
		thread->function = NULL;
	hang_find_ender(looking->collection, &looking->memory, looking->outside, wait, thread);
	if (thread->ender.kind == ENDER_UNKNOWN && !strcmp(call, "futex"))
		hang_find_guard(looking->collection, &looking->memory, wait->arguments[0], thread);
}

const char *hang_thread_name(const struct hang *hang, const struct trace_file *trace, int32_t tid)
{
	char name[64] = "";

	if (trace->running)
		process_text(trace->header->pid, tid, "comm", name, sizeof name);
	return strings_keep(&hang->session->strings, name);
}

void hang_set_since(const struct hang *hang, const struct trace_file *trace,
		    struct hung_thread *thread)
{
	uint64_t asleep_ns;

	if (thread->doing == DOING_NOTHING || !trace->running || hang->pause)
		return;
	asleep_ns = thread_asleep_ns(trace->header->pid, thread->tid);
	if (asleep_ns >= BETWEEN_NS)
		thread->for_ns = asleep_ns;
}

/* The executor of the innermost of its frames; else the only one. False if there is none. */
static bool set_executor(struct unwatched_looking *looking, struct hung_thread *thread)
{
	const struct trace_file *trace = looking->trace;
	const struct trace_executor *executor = NULL;
	uint32_t family = FAMILY_UNKNOWN;

	for (size_t i = 0; i < thread->native.count && family == FAMILY_UNKNOWN; i++) {
		const struct frame *frame = &thread->native.frames[i];

		if (frame->owner == OWNER_EXECUTOR)
			family = frame->package && text_begins(frame->package, "tokio")
					 ? FAMILY_TOKIO
					 : FAMILY_ASYNC_TASK;
	}
	for (size_t i = 0; i < trace->records[RECORD_EXECUTOR].count; i++) {
		const struct trace_executor *record =
			(const void *)(trace->bytes + trace->records[RECORD_EXECUTOR].offsets[i]);

		if (!executor || record->family == family)
			executor = record;
	}
	if (!executor)
		return false;
	thread->family = executor->family;
	thread->executor = strings_keep(&looking->hang->session->strings, executor->name);
	thread->executor_id = executor_id_of(thread->family, thread->executor);
	return true;
}

static void take_unwatched(struct unwatched_looking *looking, const struct first_look *look)
{
	struct hang *hang = looking->hang;
	struct hung_thread *thread = &hang->threads[hang->count];
	uint64_t frames[TRACE_MAX_FRAMES];
	struct thread_wait wait;
	struct thread_role role;
	size_t count;

	/* Running: where is not known from outside. */
	if (!trace_file_wait(looking->trace, look->tid, &wait))
		return;
	count = outside_stack(looking->outside, &wait, frames, TRACE_MAX_FRAMES);
	*thread = (struct hung_thread){
		.tid = look->tid,
		.name = hang_thread_name(hang, looking->trace, look->tid),
		.native = stack_native(&looking->collection->space, hang->process->ownership,
				       frames, count, looking->trace->read_ns),
	};
	if (!set_executor(looking, thread))
		return;
	role = role_of(&thread->native);
	hang->jobs += role.is_job;
	if (role.is_job || (!role.is_worker && !role.poll && !role.has_root))
		return;
	thread->is_worker = role.is_worker;
	thread->task = role.poll ? role.poll->task : NULL;
	hang->count++;
	if (!slept_throughout(looking, look, &wait) || sends_signal(&wait))
		return;
	if (role.poll && hang_waits_for_future(&thread->native))
		hang_set_future_wait(thread);
	else if (role.poll || (role.has_root && !role.is_worker && !role.waits_for_work))
		set_call(looking, &wait, thread);
	hang_set_since(hang, looking->trace, thread);
}

void hang_unwatched_threads(struct hang *hang, struct collection *collection)
{
	struct unwatched_looking looking = {
		.hang = hang,
		.collection = collection,
		.trace = collection->trace,
		.memory.fd = -1,
	};

	hang_python_threads(hang, collection);
	if (!looking.trace->records[RECORD_EXECUTOR].count ||
	    !trace_file_memory(looking.trace, &looking.memory))
		return;
	looking.outside = outside_create_of(looking.trace, &looking.memory);
	look_first(&looking);
	hang_make_room(hang, looking.count);
	for (size_t i = 0; i < looking.count; i++)
		take_unwatched(&looking, &looking.looks[i]);
	free(looking.looks);
	outside_destroy(looking.outside);
	process_memory_close(&looking.memory);
}

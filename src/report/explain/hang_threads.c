#include "hang.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hang_enders.h"
#include "hang_unwatched.h"
#include "inspect/outside_stack.h"
#include "inspect/process_file.h"
#include "inspect/system_call_name.h"
#include "inspect/task_kinds.h"
#include "report/collecting/collection.h"
#include "report/model/process.h"
#include "report/wording/library_function.h"

#define LOOKS	 5
#define LOOK_NS	 4000000	     /* between two samples */
#define LEAST_NS UINT64_C(100000000) /* shorter waits do not count as blocked */

bool hung_thread_is_blocked(const struct hung_thread *thread)
{
	return thread->doing == DOING_BLOCK_ON ||
	       (thread->doing != DOING_NOTHING && (!thread->for_ns || thread->for_ns >= LEAST_NS));
}

#define OTHERS 256 /* threads that the trace does not mention */

/* What is needed to examine threads; for an ended process there is only the trace. */
struct looking {
	struct hang *hang;
	struct collection *collection;
	const struct trace_file *trace;
	struct process_memory memory;
	struct outside *outside; /* NULL: the process has ended */
	struct task_kinds kinds;
};

static struct stack hang_stack_of(struct looking *looking, const uint64_t *frames, size_t count,
				  uint64_t when_ns)
{
	return stack_native(&looking->collection->space, looking->hang->process->ownership, frames,
			    count, when_ns);
}

/* Where a thread sleeps now; empty while it runs. */
static struct stack outside_now(struct looking *looking, const struct thread_wait *wait)
{
	uint64_t frames[TRACE_MAX_FRAMES];
	size_t count = outside_stack(looking->outside, wait, frames, TRACE_MAX_FRAMES);

	return hang_stack_of(looking, frames, count, looking->trace->read_ns);
}

static bool has_frame(const struct stack *stack, const char *part)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].function && strstr(stack->frames[i].function, part))
			return true;
	return false;
}

/* The innermost task being polled on a stack; NULL. */
static const char *polled_task(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].turn_boundary && stack->frames[i].task)
			return stack->frames[i].task;
	return NULL;
}

bool hang_is_program(const struct frame *frame)
{
	return frame->owner == OWNER_PROGRAM &&
	       ((frame->language && !strcmp(frame->language, "Rust")) ||
		(frame->function && strstr(frame->function, "::")));
}

bool hang_waits_for_future(const struct stack *stack)
{
	bool executor = false, program = false;

	for (size_t i = 0; i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];

		if (program && frame->turn_boundary)
			return true;
		executor |= frame->owner == OWNER_EXECUTOR;
		program |= hang_is_program(frame);
		if (program && !executor)
			return false;
	}
	return false;
}

void hang_set_future_wait(struct hung_thread *thread)
{
	thread->doing = DOING_BLOCK_ON;
	thread->what =
		has_frame(&thread->native, "::block_in_place") ? "block_in_place" : "block_on";
	thread->system_call = NULL;
}

/* How long ago the poll of the only running task of this type began; 0 if several run. */
static uint64_t poll_age(struct looking *looking, const char *task)
{
	const struct trace_file *trace = looking->trace;
	uint64_t polled = 0, polled_ns;
	size_t running = 0;

	for (size_t i = 0; task && i < trace->records[RECORD_TASKS].count; i++) {
		const struct trace_tasks *record;
		const struct trace_task *tasks = task_kinds_tasks(trace, i, &record);

		for (uint32_t j = 0; j < record->count; j++) {
			const struct task_kind *kind =
				tasks[j].task ? task_kind_of(&looking->kinds, tasks[j].task) : NULL;
			struct task_seen seen;

			if (!kind || strcmp(kind->name, task) ||
			    !task_kinds_look(&looking->kinds, kind, tasks[j].task, &seen) ||
			    seen.state != TASK_RUNNING)
				continue;
			polled = tasks[j].polled;
			running++;
		}
	}
	if (running != 1 || !polled)
		return 0;
	polled_ns = trace_clock_ns(trace, polled);
	return trace->read_ns > polled_ns ? trace->read_ns - polled_ns : 0;
}

static const struct trace_turn_times *times_of(const struct trace_file *trace,
					       const struct trace_thread *slot)
{
	const uint32_t offset = (uint32_t)((const unsigned char *)slot - trace->bytes);

	for (size_t i = 0; i < trace->records[RECORD_TURN_TIMES].count; i++) {
		const struct trace_turn_times *times =
			(const void *)(trace->bytes + trace->records[RECORD_TURN_TIMES].offsets[i]);

		if (times->thread == offset)
			return times;
	}
	return NULL;
}

static void set_script(struct looking *looking, const char *text, size_t size,
		       struct hung_thread *thread)
{
	if (!size)
		return;
	thread->language = memmem(text, size, ".py\t", 4) ? SCRIPT_PYTHON : SCRIPT_JAVASCRIPT;
	thread->script = stack_script(looking->hang->session, text, size,
				      looking->hang->process->ownership, thread->language);
}

/* A call in progress when the trace was read. */
static bool take_call(struct looking *looking, const struct trace_thread *slot,
		      struct hung_thread *thread)
{
	struct session *session = looking->hang->session;
	struct trace_call_in_progress call;
	const struct trace_call *record;

	if (!trace_file_call(looking->trace, slot, &call))
		return false;
	record = trace_file_record(looking->trace, call.call, RECORD_CALL);
	thread->doing = DOING_CALL;
	thread->what = strings_keep_part(&session->strings, record->name, sizeof record->name);
	thread->for_ns = collection_elapsed(looking->collection, call.start_ns);
	thread->native = hang_stack_of(looking, call.frames, call.depth, call.start_ns);
	set_script(looking, call.script, call.script_size, thread);
	return true;
}

/* What `yieldsan run` saw of a turn in progress: the only source for an ended process. */
static void take_look(struct looking *looking, const struct trace_thread *slot,
		      struct hung_thread *thread)
{
	const struct trace_turn_times *times = times_of(looking->trace, slot);
	const struct trace_script *script = NULL;
	struct finding_stack sample = { 0 };
	union script_room room;
	const struct trace_look *look =
		times ? trace_file_record(looking->trace, times->look, RECORD_LOOK) : NULL;
	const struct trace_site *site =
		times && times->sample_turn == slot->turn_start
			? trace_file_record(looking->trace, times->sample, RECORD_SITE)
			: NULL;

	if (look && !(look->sequence & 1) && look->turn == slot->turn_start && look->depth &&
	    look->depth <= TRACE_LOOK_FRAMES && look->stall == STALL_WAITING) {
		thread->doing = DOING_WAIT;
		thread->what =
			system_call_name(&looking->hang->session->strings, look->system_call);
		thread->native = hang_stack_of(looking, look->frames, look->depth, look->last_ns);
		return;
	}
	thread->doing = DOING_COMPUTE;
	if (site) {
		collection_stack(looking->collection, site->stack, site->last_ns, &sample);
		thread->native = sample.native;
		script = trace_file_script(looking->trace, site->script, &room);
	}
	if (script)
		set_script(looking, script->text, script->text_size, thread);
}

/* Whether the thread sleeps at every one of several samples. Leaves the last wait in `wait`. */
static bool sleeps_on(const struct looking *looking, int32_t tid, struct thread_wait *wait)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	pid_t pid = looking->trace->header->pid;
	struct thread_state state;

	for (int i = 0; i < LOOKS; i++) {
		if (i)
			nanosleep(&pause, NULL);
		if (!thread_state_read(pid, tid, &state) || !thread_sleeps(&state) ||
		    !thread_wait_read(pid, tid, wait))
			return false;
	}
	return true;
}

/* A thread that was just woken has no place yet: retry. */
static bool find_wait(const struct looking *looking, int32_t tid, struct thread_wait *wait)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };

	for (int i = 0; i < LOOKS; i++) {
		if (i)
			nanosleep(&pause, NULL);
		if (thread_wait_read(looking->trace->header->pid, tid, wait))
			return true;
	}
	return false;
}

static void hang_take_turn(struct looking *looking, const struct trace_thread *slot,
			   struct thread_wait *wait, struct hung_thread *thread)
{
	thread->for_ns = collection_elapsed(looking->collection,
					    trace_clock_ns(looking->trace, slot->turn_start));
	thread->is_turns = true;
	if (!looking->outside || thread->for_ns < LEAST_NS ||
	    !sleeps_on(looking, slot->tid, wait)) {
		take_look(looking, slot, thread);
		return;
	}
	thread->doing = DOING_WAIT;
	thread->what = system_call_name(&looking->hang->session->strings, wait->system_call);
	thread->native = outside_now(looking, wait);
}

/* A thread that runs no turn: a turn may be suspended for a future that its code waits for. */
static void take_rest(struct looking *looking, const struct trace_thread *slot,
		      struct thread_wait *wait, struct hung_thread *thread)
{
	if (!looking->outside || !thread_wait_read(looking->trace->header->pid, slot->tid, wait))
		return;
	thread->native = outside_now(looking, wait);
	if (thread->family != FAMILY_TOKIO || !hang_waits_for_future(&thread->native))
		return;
	hang_set_future_wait(thread);
	thread->for_ns = poll_age(looking, polled_task(&thread->native));
	thread->is_turns = true;
}

/* Sets the function that the program called and that ended in this call. */
static void set_function(struct session *session, struct hung_thread *thread)
{
	struct finding_stack stack = { .native = thread->native, .script = thread->script };
	const struct finding seen = {
		.stacks = &stack,
		.stack_count = 1,
		.call = thread->what,
		.category = "lock",
		.family = thread->family,
		.executor_id = thread->executor_id,
		.executor = thread->executor,
		.language = thread->language,
	};

	if (!finding_stack(&seen)->count)
		return;
	thread->function = library_function(session, &seen);
	if (thread->function && !strcmp(thread->function, thread->what))
		thread->function = NULL;
}

/* In an ended process the threads that waited for work have no stack; all threads of a pool share
 * one name. */
static void name_workers(struct hang *hang)
{
	for (size_t i = 0; i < hang->count; i++)
		for (size_t j = 0; j < hang->count; j++)
			if (hang->threads[j].is_worker && !hang->threads[i].native.count &&
			    hang->threads[i].executor == hang->threads[j].executor &&
			    hang->threads[i].name == hang->threads[j].name)
				hang->threads[i].is_worker = true;
}

static void hang_take_thread(struct looking *looking, const struct trace_thread *slot,
			     const struct trace_executor *executor, struct hung_thread *thread)
{
	struct session *session = looking->hang->session;
	struct thread_wait wait = { 0 };

	thread->tid = slot->tid;
	thread->name = strings_keep_part(&session->strings, slot->name, sizeof slot->name);
	thread->family = executor->family;
	thread->executor =
		strings_keep_part(&session->strings, executor->name, sizeof executor->name);
	thread->executor_id = executor_id_of(executor->family, thread->executor);
	if (take_call(looking, slot, thread)) {
		if (looking->outside)
			thread_wait_read(looking->trace->header->pid, slot->tid, &wait);
	} else if (slot->turn_start) {
		hang_take_turn(looking, slot, &wait, thread);
	} else {
		take_rest(looking, slot, &wait, thread);
	}
	if (thread->doing == DOING_CALL && wait.system_call) {
		thread->system_call = system_call_name(&session->strings, wait.system_call);
		if (!strcmp(thread->system_call, thread->what))
			thread->system_call = NULL;
	}
	thread->is_worker = has_frame(&thread->native, HANG_WORKER);
	thread->task = polled_task(&thread->native);
	if (thread->family == FAMILY_TOKIO && thread->doing != DOING_NOTHING &&
	    hang_waits_for_future(&thread->native))
		hang_set_future_wait(thread);
	else if (thread->what)
		set_function(session, thread);
	if (hung_thread_is_blocked(thread) && thread->doing != DOING_COMPUTE &&
	    thread->doing != DOING_BLOCK_ON)
		hang_find_ender(looking->collection, looking->outside ? &looking->memory : NULL,
				looking->outside, &wait, thread);
}

static bool thread_is_known(const struct hang *hang, int32_t tid)
{
	for (size_t i = 0; i < hang->count; i++)
		if (hang->threads[i].tid == tid)
			return true;
	return false;
}

/* A worker that has not run a task yet is in no trace, and may be the one that could continue. */
static void take_other(struct looking *looking, int32_t tid, const struct hung_thread *worker)
{
	struct hang *hang = looking->hang;
	struct hung_thread *thread = &hang->threads[hang->count];
	struct thread_wait wait;
	char name[64];

	if (!find_wait(looking, tid, &wait) ||
	    !process_text(looking->trace->header->pid, tid, "comm", name, sizeof name))
		return;
	*thread = (struct hung_thread){
		.tid = tid,
		.name = strings_keep(&hang->session->strings, name),
		.family = worker->family,
		.executor_id = worker->executor_id,
		.executor = worker->executor,
		.native = outside_now(looking, &wait),
		.is_worker = true,
	};
	hang->count += has_frame(&thread->native, HANG_WORKER);
}

static void take_others(struct looking *looking, size_t room)
{
	struct hang *hang = looking->hang;
	const struct hung_thread *worker = NULL;
	struct dirent *entry;
	char path[64];
	DIR *stream;

	for (size_t i = 0; i < hang->count && !worker; i++)
		if (hang->threads[i].is_worker)
			worker = &hang->threads[i];
	if (!looking->outside || !worker)
		return;
	snprintf(path, sizeof path, "/proc/%d/task", (int)looking->trace->header->pid);
	stream = opendir(path);
	while (stream && hang->count < room && (entry = readdir(stream)))
		if (atoi(entry->d_name) > 0 && !thread_is_known(hang, atoi(entry->d_name)))
			take_other(looking, atoi(entry->d_name), worker);
	if (stream)
		closedir(stream);
}

void hang_make_room(struct hang *hang, size_t more)
{
	struct hung_thread *threads =
		obstack_alloc(&hang->session->memory, (hang->count + more + 1) * sizeof *threads);

	if (hang->count)
		memcpy(threads, hang->threads, hang->count * sizeof *threads);
	hang->threads = threads;
}

void hang_threads(struct hang *hang, struct collection *collection)
{
	const struct trace_file *trace = collection->trace;
	struct looking looking = { .hang = hang, .collection = collection, .trace = trace };
	size_t count = trace->records[RECORD_THREAD].count;

	if (trace->image) {
		hang_unwatched_threads(hang, collection);
		return;
	}
	task_kinds_init(&looking.kinds, &collection->space);
	looking.memory.fd = -1;
	if (trace->running && process_memory_open(&looking.memory, trace->header->pid))
		looking.outside = outside_create(trace->header->pid, &looking.memory);
	hang->threads =
		obstack_alloc(&hang->session->memory, (count + OTHERS) * sizeof *hang->threads);
	for (size_t i = 0; i < count; i++) {
		const struct trace_thread *slot = collection_record(collection, RECORD_THREAD, i);
		const struct trace_executor *executor =
			trace_file_record(trace, slot->executor, RECORD_EXECUTOR);
		struct hung_thread *thread = &hang->threads[hang->count];

		if (!slot->alive || !executor || !executor->confirmed)
			continue;
		memset(thread, 0, sizeof *thread);
		hang_take_thread(&looking, slot, executor, thread);
		hang->count++;
	}
	take_others(&looking, count + OTHERS);
	name_workers(hang);
	outside_destroy(looking.outside);
	process_memory_close(&looking.memory);
	task_kinds_deinit(&looking.kinds);
}

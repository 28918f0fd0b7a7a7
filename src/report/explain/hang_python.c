#include "hang_python.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hang.h"
#include "hang_enders.h"
#include "hang_unwatched.h"
#include "inspect/outside_stack.h"
#include "inspect/process_file.h"
#include "inspect/python/python_look.h"
#include "inspect/system_call_name.h"
#include "report/collecting/collection.h"
#include "report/model/process.h"
#include "report/tasks/python_groups.h"

#define MOST_SLEEPERS  4096
#define MOST_TASKS     16	   /* that run at one time: one for each loop */
#define STACK_SEARCHED (256 << 10) /* of a thread's stack that are searched */
#define STACK_PIECE    512	   /* words read at a time */

struct sleeper {
	int32_t tid;
	uint64_t switches;
	struct thread_wait wait;
};

struct python_hang {
	struct hang *hang;
	struct collection *collection;
	const struct trace_file *trace;
	struct python_look look;
	struct process_memory memory;
	struct outside *outside;
	struct sleeper *sleepers;
	size_t count;
};

static bool has_running_task(const struct process_tasks *tasks)
{
	for (size_t i = 0; tasks->lists_asyncio && i < tasks->group_count; i++)
		if (tasks->groups[i].state == TASK_RUNNING)
			return true;
	return false;
}

static void sleepers_find(struct python_hang *python)
{
	int32_t *tids = memory_get(MOST_SLEEPERS * sizeof *tids);
	size_t count = trace_file_threads(python->trace, tids, MOST_SLEEPERS);

	python->sleepers = memory_get((count + 1) * sizeof *python->sleepers);
	for (size_t i = 0; i < count; i++) {
		struct sleeper *sleeper = &python->sleepers[python->count];

		sleeper->tid = tids[i];
		if (python->trace->running)
			sleeper->switches = thread_switches(python->trace->header->pid, tids[i]);
		python->count += trace_file_wait(python->trace, tids[i], &sleeper->wait);
	}
	free(tids);
}

/* The interpreter keeps the task, or a coroutine of it, on the stack while the task runs. */
static bool stack_holds(const struct python_hang *python, const struct sleeper *sleeper,
			const struct python_task *task)
{
	uint64_t words[STACK_PIECE];

	for (uint64_t at = sleeper->wait.sp; at < sleeper->wait.sp + STACK_SEARCHED;
	     at += sizeof words) {
		size_t size = process_memory_read(&python->memory, at, words, sizeof words);

		for (size_t i = 0; i < size / sizeof *words; i++)
			if (words[i] == task->address || words[i] == task->coroutine)
				return true;
		if (size < sizeof words)
			break;
	}
	return false;
}

/* NULL: no thread that sleeps holds the task, or more than one. */
static const struct sleeper *sleeper_of(const struct python_hang *python,
					const struct python_task *task)
{
	const struct sleeper *found = NULL;

	for (size_t i = 0; i < python->count; i++) {
		if (!stack_holds(python, &python->sleepers[i], task))
			continue;
		if (found)
			return NULL;
		found = &python->sleepers[i];
	}
	return found;
}

/* Whether the thread has slept since the first look, within the same turn. */
static bool has_not_moved(struct python_hang *python, const struct sleeper *sleeper,
			  const struct python_task *task)
{
	pid_t pid = python->trace->header->pid;
	struct python_task now;
	struct thread_wait wait;

	if (!python->trace->running)
		return sleeper->wait.system_call != TRACE_PAGE_FAULT;
	return sleeper->switches == thread_switches(pid, sleeper->tid) &&
	       trace_file_wait(python->trace, sleeper->tid, &wait) && wait.sp == sleeper->wait.sp &&
	       python_task_read(&python->look.reader, &python->look.tasks.types, task->address,
				python->hang->session, &now) &&
	       now.state == TASK_RUNNING && now.sum == task->sum;
}

static void add_thread(struct python_hang *python, const struct sleeper *sleeper,
		       const struct python_task *task)
{
	struct hang *hang = python->hang;
	struct strings *strings = &hang->session->strings;
	struct hung_thread *thread = &hang->threads[hang->count++];
	uint64_t frames[TRACE_MAX_FRAMES];
	size_t count = outside_stack(python->outside, &sleeper->wait, frames, TRACE_MAX_FRAMES);

	*thread = (struct hung_thread){
		.tid = sleeper->tid,
		.name = hang_thread_name(hang, python->trace, sleeper->tid),
		.family = FAMILY_EVENT_LOOP,
		.executor = "asyncio",
		.doing = DOING_WAIT,
		.what = system_call_name(strings, sleeper->wait.system_call),
		.native = stack_native(&python->collection->space, hang->process->ownership, frames,
				       count, python->trace->read_ns),
		.script = python_task_stack(hang->session, hang->process->ownership, task, true),
		.language = SCRIPT_PYTHON,
	};
	thread->executor_id = executor_id_of(thread->family, thread->executor);
	hang_find_ender(python->collection, &python->memory, python->outside, &sleeper->wait,
			thread);
	hang_set_since(hang, python->trace, thread);
}

static void add_sleeping_tasks(struct python_hang *python)
{
	const struct timespec pause = { .tv_sec = 1 };
	const struct python_task *tasks[MOST_TASKS];
	const struct sleeper *sleepers[MOST_TASKS];
	size_t count = 0;

	for (size_t i = 0; i < python->look.tasks.count && count < MOST_TASKS; i++) {
		tasks[count] = &python->look.tasks.items[i];
		sleepers[count] = tasks[count]->state == TASK_RUNNING
					  ? sleeper_of(python, tasks[count])
					  : NULL;
		count += sleepers[count] != NULL;
	}
	if (count && python->trace->running)
		nanosleep(&pause, NULL);
	hang_make_room(python->hang, count);
	for (size_t i = 0; i < count; i++)
		if (has_not_moved(python, sleepers[i], tasks[i]))
			add_thread(python, sleepers[i], tasks[i]);
}

void hang_python_threads(struct hang *hang, struct collection *collection)
{
	struct python_hang python = {
		.hang = hang,
		.collection = collection,
		.trace = collection->trace,
		.memory.fd = -1,
	};

	if (!has_running_task(&hang->process->tasks) ||
	    !trace_file_memory(python.trace, &python.memory))
		return;
	if (python_look_begin(&python.look, python.trace, hang->session)) {
		python.outside = outside_create_of(python.trace, &python.memory);
		sleepers_find(&python);
		add_sleeping_tasks(&python);
		free(python.sleepers);
		outside_destroy(python.outside);
		python_look_end(&python.look);
	}
	process_memory_close(&python.memory);
}

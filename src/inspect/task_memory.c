#include "task_memory.h"

#include <string.h>
#include <sys/uio.h>

#include "shared/task_header.h"

#define TRIES  3
#define AROUND 2048 /* bytes that are read at once: most futures are smaller */
#define PAGE   4096

/* What a chain asks for lies close together, and each read is a system call. */
struct process_memory {
	struct layout_memory memory;
	pid_t pid;
	uint64_t start, end; /* of what `bytes` has */
	char bytes[AROUND];
};

static bool read_process(pid_t pid, uint64_t address, void *to, size_t size)
{
	struct iovec local = { to, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* What lies around it in its page: the next one may be nobody's. Outer futures lie around inner
 * ones, and have their states behind them. */
static void read_around(struct process_memory *process, uint64_t address)
{
	const uint64_t in_page = address % PAGE,
		       before = in_page < AROUND / 2 ? in_page : AROUND / 2;
	size_t size = PAGE - in_page + before;

	if (size > AROUND)
		size = AROUND;
	process->start = process->end = address - before;
	if (read_process(process->pid, process->start, process->bytes, size))
		process->end += size;
}

static bool read_memory(const struct layout_memory *memory, uint64_t address, void *to, size_t size)
{
	struct process_memory *process = (struct process_memory *)memory;

	if (address < process->start || address >= process->end)
		read_around(process, address);
	if (address >= process->end || size > process->end - address)
		return read_process(process->pid, address, to, size);
	memcpy(to, process->bytes + (address - process->start), size);
	return true;
}

static void forget(struct process_memory *process)
{
	process->start = process->end = 0;
}

bool task_memory_is_readable(int64_t pid, const struct task_kind *kind)
{
	uint64_t word;

	return read_process((pid_t)pid, kind->record->vtable, &word, sizeof word);
}

/* What a type's vtable says of its tasks. */
struct parts {
	uint64_t number;   /* as layout_task.trailer */
	uint64_t schedule; /* of async-task's */
};

/* Of functions that are folded into one the debug information describes one alone: the task may be
 * another's. */
static bool describes(pid_t pid, const struct task_kind *kind, struct parts *parts)
{
	uint64_t word, layout[ASYNC_TASK_LAYOUT];
	uint64_t at = kind->record->vtable + TASK_VTABLE_LAYOUT * sizeof word;

	*parts = (struct parts){ 0 };
	if (!read_process(pid, at, &word, sizeof word))
		return false;
	parts->number = word;
	if (kind->is_async_task) {
		if (!read_process(pid, word, layout, sizeof layout))
			return false;
		parts->number = layout[ASYNC_TASK_FUTURE];
		parts->schedule = layout[ASYNC_TASK_SCHEDULE];
	}
	return kind->task && parts->number == kind->task->trailer;
}

static bool read_state(pid_t pid, uint64_t header, const struct task_kind *kind,
		       const struct parts *parts, struct task_seen *seen)
{
	static const enum task_state states[] = {
		[TASK_RESTS] = TASK_SUSPENDED,
		[TASK_IS_WOKEN] = TASK_WOKEN,
		[TASK_RUNS] = TASK_RUNNING,
	};
	uint64_t words[TASK_HEADER_WORDS], vtable = kind->record->vtable;
	enum task_moment moment;

	if (!read_process(pid, header, words, sizeof words))
		return false;
	moment = kind->is_async_task ? async_task_moment(words, vtable, parts->schedule)
				     : tokio_task_moment(words, vtable);
	if (moment == TASK_IS_GONE)
		return false;
	seen->state = states[moment];
	return true;
}

bool task_memory_read(int64_t pid, uint64_t header, const struct task_kind *kind,
		      struct task_seen *seen)
{
	struct process_memory process;
	struct parts parts;
	bool described = describes((pid_t)pid, kind, &parts);
	struct layout_link again[LAYOUT_MAX_LINKS];
	uint64_t addresses[LAYOUT_MAX_LINKS];
	struct task_seen after;

	process.memory = (struct layout_memory){ read_memory, kind->base };
	process.pid = (pid_t)pid;
	for (int i = 0; i < TRIES; i++) {
		forget(&process);
		if (!read_state(process.pid, header, kind, &parts, seen))
			return false;
		seen->link_count = seen->guard_count = 0;
		if (!described || seen->state == TASK_RUNNING)
			return true;
		seen->link_count = layout_chain(kind->layout, &process.memory, kind->task, header,
						seen->links, addresses, LAYOUT_MAX_LINKS);
		seen->guard_count =
			layout_guards(kind->layout, &process.memory, seen->links, addresses,
				      seen->link_count, seen->guards, TASK_MAX_GUARDS);
		forget(&process);
		if (layout_chain(kind->layout, &process.memory, kind->task, header, again, NULL,
				 LAYOUT_MAX_LINKS) == seen->link_count &&
		    !memcmp(again, seen->links, seen->link_count * sizeof *again) &&
		    read_state(process.pid, header, kind, &parts, &after) &&
		    after.state == seen->state)
			return true;
	}
	seen->state = TASK_RUNNING; /* each time it had moved on */
	seen->link_count = seen->guard_count = 0;
	return true;
}

#include "task_memory.h"

#include <string.h>
#include <sys/uio.h>

/* tokio/src/runtime/task/state.rs */
#define RUNNING	   (1U << 0)
#define COMPLETE   (1U << 1)
#define NOTIFIED   (1U << 2)
#define REFERENCES 6 /* bits below them */
/* More than any task has, and less than what is left in memory that was freed. */
#define MOST_REFERENCES (1U << 20)

#define HEADER_WORDS	5 /* the vtable's address is one from FIRST_WORD on: see executors/tokio.c */
#define FIRST_WORD	2
#define TRAILER		7 /* word of a vtable */
#define TRIES		3

struct process_memory {
	struct layout_memory memory;
	pid_t pid;
};

static bool read_process(pid_t pid, uint64_t address, void *to, size_t size)
{
	struct iovec local = { to, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static bool read_memory(const struct layout_memory *memory, uint64_t address, void *to, size_t size)
{
	return read_process(((const struct process_memory *)memory)->pid, address, to, size);
}

bool task_memory_is_readable(int64_t pid, const struct task_kind *kind)
{
	uint64_t word;

	return read_process((pid_t)pid, kind->record->vtable, &word, sizeof word);
}

static bool read_state(pid_t pid, uint64_t header, const struct task_kind *kind, uint64_t *state)
{
	uint64_t words[HEADER_WORDS];
	bool is_its = false;

	if (!read_process(pid, header, words, sizeof words))
		return false;
	for (int i = FIRST_WORD; i < HEADER_WORDS; i++)
		is_its |= words[i] == kind->record->vtable;
	*state = words[0];
	return is_its && !(*state & COMPLETE) && *state >> REFERENCES &&
	       *state >> REFERENCES < MOST_REFERENCES;
}

/* Of functions that are folded into one the debug information describes one alone: the task may be
 * another's. */
static bool describes(pid_t pid, const struct task_kind *kind)
{
	uint64_t trailer;

	return kind->task &&
	       read_process(pid, kind->record->vtable + TRAILER * sizeof trailer, &trailer,
			    sizeof trailer) &&
	       trailer == kind->task->trailer;
}

bool task_memory_read(int64_t pid, uint64_t header, const struct task_kind *kind,
		      struct task_seen *seen)
{
	const struct process_memory process = { { read_memory, kind->base }, (pid_t)pid };
	bool described = describes(process.pid, kind);
	struct layout_link again[LAYOUT_MAX_LINKS];
	uint64_t before, after;

	for (int i = 0; i < TRIES; i++) {
		if (!read_state(process.pid, header, kind, &before))
			return false;
		seen->link_count = 0;
		seen->state = before & RUNNING	  ? TASK_RUNNING
			      : before & NOTIFIED ? TASK_WOKEN
						  : TASK_SUSPENDED;
		if (!described || before & RUNNING)
			return true;
		seen->link_count = layout_chain(kind->layout, &process.memory, kind->task, header,
						seen->links, LAYOUT_MAX_LINKS);
		if (layout_chain(kind->layout, &process.memory, kind->task, header, again,
				 LAYOUT_MAX_LINKS) == seen->link_count &&
		    !memcmp(again, seen->links, seen->link_count * sizeof *again) &&
		    read_state(process.pid, header, kind, &after) && after == before)
			return true;
	}
	seen->state = TASK_RUNNING; /* each time it had moved on */
	seen->link_count = 0;
	return true;
}

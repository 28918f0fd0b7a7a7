/*
 * The tasks of asyncio in a program that runs CPython 3.11 to 3.14: where each is suspended, and
 * what it waits for. Needs no symbols and no debug information, and does not stop the program.
 */
#ifndef INSPECT_PYTHON_TASKS_H
#define INSPECT_PYTHON_TASKS_H

#include "inspect/task_memory.h"
#include "python_search.h"

struct session;

#define PYTHON_MOST_FRAMES 64

/* A coroutine or generator that awaits the next one. */
struct python_frame {
	uint64_t code, frame; /* addresses */
	uint64_t top;	      /* of its stack: the address behind its last word */
	const char *function, *file;
	int line; /* 0: unknown */
};

struct python_task {
	uint64_t address, coroutine;
	uint64_t future; /* that it waits for; 0: none */
	enum task_state state;
	const char *name;	     /* of the coroutine that the task runs */
	struct python_frame *frames; /* from the task inwards */
	size_t frame_count;
	const char *leaf;    /* the type of what the innermost awaits; NULL: unknown */
	const char *awaited; /* the name of the task that it awaits; NULL: it awaits none */
	uint64_t sum;	     /* of what was read: changes when the task runs */
};

struct python_tasks {
	struct python_task *items; /* sorted by address; in the session's memory, like the frames */
	size_t count;
	struct python_addresses types;
};

/* All tasks that have not ended. `reader`: of the source, with its layout. */
void python_tasks_find(struct python_tasks *tasks, struct python_reader *reader,
		       struct session *session);
void python_tasks_deinit(struct python_tasks *tasks);

/* Reads one task anew. False: it ended, or is none. */
bool python_task_read(struct python_reader *reader, const struct python_addresses *types,
		      uint64_t address, struct session *session, struct python_task *task);

/* NULL: it is no task that was found. */
const struct python_task *python_tasks_at(const struct python_tasks *tasks, uint64_t address);

/* Whether a future or a task has not ended. */
bool python_future_is_pending(const struct python_reader *reader, uint64_t future);

#endif

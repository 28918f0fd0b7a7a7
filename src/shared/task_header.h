/*
 * Reads the first words of a task, of this process or another, while other threads change them.
 * Linked into both sides. The eighth word of a vtable gives the task's layout: for Tokio, since
 * 1.23, the offset of its last part; for async-task, since 4.2, the address of a struct TaskLayout.
 */
#ifndef SHARED_TASK_HEADER_H
#define SHARED_TASK_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#define TASK_HEADER_WORDS  8 /* at most */
#define TASK_VTABLE_LAYOUT 7

/* async-task/src/raw.rs. The first two, in an order chosen by rustc, are its size and alignment. */
enum async_task_layout {
	ASYNC_TASK_SCHEDULE = 2, /* in words: the end of its header */
	ASYNC_TASK_FUTURE = 3,
	ASYNC_TASK_LAYOUT = 5, /* number of words */
};

enum task_moment {
	TASK_IS_GONE, /* it is done, or these are not the words of a task with this vtable */
	TASK_RESTS,
	TASK_IS_WOKEN, /* suspended, and scheduled to run */
	TASK_RUNS,
};

enum task_moment tokio_task_moment(const uint64_t words[TASK_HEADER_WORDS], uint64_t vtable);

/* Whether these words, to which a vtable's eighth word points, are a struct TaskLayout. */
bool async_task_is_layout(const uint64_t words[ASYNC_TASK_LAYOUT]);

/* `schedule`: from its layout. */
enum task_moment async_task_moment(const uint64_t words[TASK_HEADER_WORDS], uint64_t vtable,
				   uint64_t schedule);

#endif

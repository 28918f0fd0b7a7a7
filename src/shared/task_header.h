/*
 * What the first words of a task say, this process's own or another's, while others change them.
 * Linked into both sides.
 *
 * The eighth word of a vtable tells how such a task lies: Tokio's, since 1.23, has the offset of
 * its last part there, async-task's, since 4.2, the address of a struct TaskLayout.
 */
#ifndef SHARED_TASK_HEADER_H
#define SHARED_TASK_HEADER_H

#include <stdint.h>

#define TASK_HEADER_WORDS  8 /* at most */
#define TASK_VTABLE_LAYOUT 7

/* async-task/src/raw.rs. The first two, whose order is rustc's, are its size and alignment. */
enum async_task_layout {
	ASYNC_TASK_SCHEDULE = 2, /* in words: where its header is over */
	ASYNC_TASK_FUTURE = 3,
	ASYNC_TASK_LAYOUT = 5, /* how many there are */
};

enum task_moment {
	TASK_IS_GONE, /* it is done, or these are no words of a task with this vtable */
	TASK_RESTS,
	TASK_IS_WOKEN, /* it rests, and is to run */
	TASK_RUNS,
};

enum task_moment tokio_task_moment(const uint64_t words[TASK_HEADER_WORDS], uint64_t vtable);

/* `schedule`: of its layout. */
enum task_moment async_task_moment(const uint64_t words[TASK_HEADER_WORDS], uint64_t vtable,
				   uint64_t schedule);

#endif

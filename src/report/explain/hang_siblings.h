/*
 * Detects a task that waits for a lock that another future of the same task holds: an arm of a
 * join! or try_join!. Only this task could poll that future.
 */
#ifndef REPORT_HANG_SIBLINGS_H
#define REPORT_HANG_SIBLINGS_H

struct collection;
struct hung_thread;
struct process_memory;
struct thread_wait;

/*
 * For a thread that polls a task and waits in a futex without a limit: if the task has a guard of
 * that lock in a future that the thread does not poll, fills lock, ender and deadlock.
 */
void hang_find_sibling(struct collection *collection, const struct process_memory *memory,
		       const struct thread_wait *wait, struct hung_thread *thread);

#endif

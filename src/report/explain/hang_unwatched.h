/* The threads of a process that was not watched, or of its core. */
#ifndef REPORT_HANG_UNWATCHED_H
#define REPORT_HANG_UNWATCHED_H

struct collection;
struct hang;
struct hung_thread;
struct trace_file;

/* Lists the threads that run tasks or futures of Tokio or async-task, by their stacks, in the
 * session's memory. One counts as blocked if it slept from one look to another one without a break.
 */
void hang_unwatched_threads(struct hang *hang, struct collection *collection);

/* Sets since when a blocked thread sleeps, at least; not after a pause, for which each thread was
 * woken. */
void hang_set_since(const struct hang *hang, const struct trace_file *trace,
		    struct hung_thread *thread);

#endif

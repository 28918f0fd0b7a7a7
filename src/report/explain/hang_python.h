/* The threads that run tasks of asyncio, in a process that was not watched or in its core. */
#ifndef REPORT_HANG_PYTHON_H
#define REPORT_HANG_PYTHON_H

struct collection;
struct hang;

/*
 * Lists a thread that sleeps within a task's turn: the task runs, the thread's stack holds it, and
 * a second later neither has moved.
 */
void hang_python_threads(struct hang *hang, struct collection *collection);

#endif

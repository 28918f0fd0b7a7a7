/* How many places in the trace did wrong with locks: for the line at exit, which names none. */
#ifndef RUNTIME_LOCKS_LOCK_ERRORS_H
#define RUNTIME_LOCKS_LOCK_ERRORS_H

/*
 * Errors alone, by what report/collect_locks.c, collect_guards.c and collect_deadlocks.c decide by:
 * a warning may be a library's own business, which only a report's stacks tell.
 */
unsigned lock_errors(void);

#endif

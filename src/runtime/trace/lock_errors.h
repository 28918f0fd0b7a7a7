/*
 * Number of places in the trace with lock errors, for the line at exit, which does not name them.
 */
#ifndef RUNTIME_LOCKS_LOCK_ERRORS_H
#define RUNTIME_LOCKS_LOCK_ERRORS_H

/*
 * Errors only, by the rules of report/collecting/collect_locks.c, collect_guards.c and
 * collect_deadlocks.c: a warning may be internal to a library, which only a report's stacks show.
 */
unsigned lock_errors(void);

#endif

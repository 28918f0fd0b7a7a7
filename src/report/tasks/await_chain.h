/*
 * The chain of awaits of a task: its async functions and blocks from the task inwards, each at the
 * line where it awaits the next; the last at the line where the task is now.
 */
#ifndef REPORT_AWAIT_CHAIN_H
#define REPORT_AWAIT_CHAIN_H

struct session;
struct stack;

/*
 * "app::serve at main.rs:31 > app::load at main.rs:36": the program's own functions, and only the
 * outermost of library functions; NULL for an empty chain. `task`: the type, or NULL.
 */
const char *await_chain_print(struct session *session, const char *task,
			      const struct stack *awaits);

/* The same after "task: "; NULL if nothing is known. */
const char *await_chain_text(struct session *session, const char *task, const struct stack *awaits);

#endif

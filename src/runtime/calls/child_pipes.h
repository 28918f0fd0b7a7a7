/*
 * The children that this thread started, and which pipes it made for which of them: a pipe belongs
 * to the child that the thread started next. So the end of a child's output excuses the wait for
 * that child alone. Per thread; the last two children, three pipes each.
 */
#ifndef RUNTIME_CALLS_CHILD_PIPES_H
#define RUNTIME_CALLS_CHILD_PIPES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* This thread made a pipe, of which `fd` is to be read. */
void child_pipe_made(int fd);

/*
 * This thread started a child: the pipes that it made since the last one are that child's.
 * `program`: it executes one, as far as is known.
 */
void child_started(pid_t child, bool program);

void child_pipes_closed(unsigned first, unsigned last);

/* The child that may write into it; 0: not known. */
pid_t child_of_pipe(int fd);

/*
 * Whether a wait of `slept_ns` that ends now was for a program that this thread had started just
 * for that: it slept for half of the program's life or longer. `child`: 0 for the last one.
 */
bool child_was_run(pid_t child, uint64_t slept_ns, uint64_t end_ns);

#endif

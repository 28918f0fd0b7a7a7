/*
 * The children that this thread started, and the pipes that it made for each: a pipe belongs to the
 * child that the thread started next. So the end of a child's output excuses only the wait for that
 * child. Per thread; the last two children, three pipes each.
 */
#ifndef RUNTIME_CALLS_CHILD_PIPES_H
#define RUNTIME_CALLS_CHILD_PIPES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* This thread made a pipe; the first is its read end. */
void child_pipe_made(const int fds[2]);

/*
 * This thread started a child: the pipes made since the last child are its. `program`: it executes
 * one, as far as is known.
 */
void child_started(pid_t child, bool program);

void child_pipes_closed(unsigned first, unsigned last);

/* The child that may write into the pipe with this read end; 0: not known. */
pid_t child_of_pipe(int fd);

/* The child that may read from the pipe with this write end; 0: not known. */
pid_t child_that_reads(int fd);

/*
 * Whether a wait of `slept_ns` that ends now was for a program that this thread had started for
 * this purpose: the wait took at least half of the program's life. `child`: 0 for the last one.
 */
bool child_was_run(pid_t child, uint64_t slept_ns, uint64_t end_ns);

#endif

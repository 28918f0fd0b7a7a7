/*
 * The pipe that shows a parent that its forked child has called exec: close-on-exec, made just
 * before the fork, read until exec closes the other end. libuv, CPython and Rust's Command use one:
 * this wait delays the executor, but is not the program's mistake.
 */
#ifndef RUNTIME_CALLS_STATUS_PIPE_H
#define RUNTIME_CALLS_STATUS_PIPE_H

#include <stdbool.h>

/*
 * This thread made a close-on-exec pipe, of which `fd` is read, or a socket pair, of which either
 * end may be: `other`, otherwise -1.
 */
void status_pipe_made(int fd, int other);

/*
 * This thread forked: the pipe it made last, if still open, is now its status pipe. Returns whether
 * there is one: then the child will execute a program.
 */
bool status_pipe_forked(void);

void status_pipe_closed_range(unsigned first, unsigned last);

/* Whether `fd` is the calling thread's status pipe. */
bool status_pipe_is(int fd);

#endif

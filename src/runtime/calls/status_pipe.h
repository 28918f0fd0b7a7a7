/*
 * The pipe by which a parent learns that its forked child has executed: close-on-exec, made just
 * before the fork, read until exec closes the other end. libuv, CPython and Rust's Command do so:
 * that wait is harm to the executor, not guilt of the program.
 */
#ifndef RUNTIME_CALLS_STATUS_PIPE_H
#define RUNTIME_CALLS_STATUS_PIPE_H

#include <stdbool.h>

/* This thread made a pipe closed on exec, of which `fd` is to be read, or such a pair of sockets,
 * of which either may be: `other`, else -1. */
void status_pipe_made(int fd, int other);

/* This thread forked: what it made last, if it is still open, is now its status pipe. Returns
 * whether there is one: the child will execute a program. */
bool status_pipe_forked(void);

void status_pipe_closed_range(unsigned first, unsigned last);

/* Whether `fd` is the present thread's status pipe. */
bool status_pipe_is(int fd);

#endif

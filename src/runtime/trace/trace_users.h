/*
 * The users that a program of root changes to. Programs that they execute, and processes that they
 * fork, must create traces in a directory that root made.
 */
#ifndef RUNTIME_TRACE_USERS_H
#define RUNTIME_TRACE_USERS_H

#include <sys/types.h>

/*
 * Lets this user, and no other, create files in the trace directory. Only root can, before it
 * changes to that user, and only in its own directory. Async-signal-safe.
 */
void trace_let_user_make(uid_t user);

#endif

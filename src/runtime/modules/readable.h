/* Whether memory that the program points to can be read. */
#ifndef RUNTIME_MODULES_READABLE_H
#define RUNTIME_MODULES_READABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A call with a bad pointer answers EFAULT and must go on doing so: what lies neither on the
 * thread's own stack nor in a module is asked for first (memory.h). False as well where that
 * cannot be asked, under a seccomp filter.
 */
bool may_be_read(const void *address, size_t size);

#endif

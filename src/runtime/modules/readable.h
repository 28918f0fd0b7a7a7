/* Checks whether memory that the program points to is readable. */
#ifndef RUNTIME_MODULES_READABLE_H
#define RUNTIME_MODULES_READABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A call with a bad pointer must still return EFAULT: check pointers that are neither on the
 * thread's stack nor in a module (memory.h). Also false if that is not possible, under a seccomp
 * filter.
 */
bool may_be_read(const void *address, size_t size);

#endif

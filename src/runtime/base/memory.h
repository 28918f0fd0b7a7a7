/* Memory of our own, and checks whether other memory is readable. */
#ifndef RUNTIME_MEMORY_H
#define RUNTIME_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/arch/arch.h"

#define MEMORY_PAGE ARCH_PAGE

/* Zeroed pages, or NULL. Never freed, and not allocated by malloc. Async-signal-safe. */
void *memory_map(size_t size);

/*
 * Zeroes what a forked child must forget. Whole pages are discarded instead of written, and what is
 * 0 is not written: a child pays for each page that it writes, and its parent never touched most of
 * them. A large table is a
 * MEMORY_TABLE, which has pages of its own. Not for file mappings.
 */
void memory_zero(void *address, size_t size);

#define MEMORY_TABLE __attribute__((aligned(MEMORY_PAGE)))

/*
 * Whether `size` bytes at `address` are readable now, by a system call that answers EFAULT
 * (rt_sigprocmask with an invalid `how`: it reads the set before it refuses; kernel signal.c).
 * False if system calls are not allowed: runtime_silent is set, or this call once had another
 * result, as under a seccomp filter.
 */
bool memory_is_readable(const void *address, size_t size);

/*
 * Whether `false` from memory_is_readable means that the memory does not exist: system calls are
 * still allowed.
 */
bool memory_can_be_asked(void);

#endif

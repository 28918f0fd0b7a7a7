/* Memory of our own, and looks at memory that is not. */
#ifndef RUNTIME_MEMORY_H
#define RUNTIME_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* x86-64's smallest page: protection never changes within one. */
#define MEMORY_PAGE 4096

/* Zeroed pages, or NULL. Never given back, never counted against malloc. Async-signal-safe. */
void *memory_map(size_t size);

/*
 * Zeroes what a forked child has to forget. Whole pages are given back instead of written: a child
 * pays for each page that it touches, most of which its parent never did. A large table is a
 * MEMORY_TABLE: its pages are its own. Only for memory that no file is mapped to.
 */
void memory_zero(void *address, size_t size);

#define MEMORY_TABLE __attribute__((aligned(MEMORY_PAGE)))

/*
 * Whether `size` bytes at `address` can be read now; by a system call that answers EFAULT
 * (rt_sigprocmask with a `how` that does not exist: it reads the set first, then refuses; kernel
 * signal.c). False once system calls were given up: when runtime_silent is set, or when this one
 * was ever answered by something else, as a seccomp filter does.
 */
bool memory_is_readable(const void *address, size_t size);

/* Whether a `false` of the above means that the memory is not there: system calls were not given
 * up.
 */
bool memory_can_be_asked(void);

#endif

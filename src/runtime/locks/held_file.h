/*
 * Locks on files, by the descriptor used to take them. They belong to the process or to the open
 * file, not to a thread: another thread may release them.
 */
#ifndef RUNTIME_LOCKS_HELD_FILE_H
#define RUNTIME_LOCKS_HELD_FILE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Marks a key that stands for a descriptor's locks. No address has this bit set and the bits above
 * it clear.
 */
#define HELD_FILE_BIT (UINT64_C(1) << 62)

static inline uintptr_t held_file_lock(int fd)
{
	return HELD_FILE_BIT | (uint32_t)fd;
}

/* The effect of a successful call on the file's locks. frame: the wrapper's frame. */
enum file_lock_change { FILE_LOCK_STAYS, FILE_LOCK_TAKEN, FILE_LOCK_RELEASED };

void held_file_changed(int fd, enum file_lock_change change, const void *frame);

/*
 * Asks the kernel, because some ways to close a descriptor are not seen. Returns true if we must
 * not make system calls.
 */
bool held_file_is_open(uintptr_t lock);

/* The thread must wait for a lock on this file: checks whether a turn holds it across a yield. */
void held_file_waits(int fd);

#endif

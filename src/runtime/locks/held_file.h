/*
 * Locks on files, by the descriptor they were taken with. They belong to the process, or to the
 * open file, not to a thread: another thread may release them.
 */
#ifndef RUNTIME_LOCKS_HELD_FILE_H
#define RUNTIME_LOCKS_HELD_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Stands for a descriptor's locks: no address has this bit set and not those above it. */
#define HELD_FILE_BIT (UINT64_C(1) << 62)

static inline uintptr_t held_file_lock(int fd)
{
	return HELD_FILE_BIT | (uint32_t)fd;
}

/* What a call that succeeded did with the file's locks; frame: its wrapper's. */
enum file_lock_change { FILE_LOCK_STAYS, FILE_LOCK_TAKEN, FILE_LOCK_RELEASED };

void held_file_changed(int fd, enum file_lock_change change, const void *frame);

/* Asks the kernel: some ways to close a descriptor are out of sight. True where it may not be
 * asked.
 */
bool held_file_is_open(uintptr_t lock);

/* The thread must wait for a lock on this file: does a turn hold it across a yield? */
void held_file_waits(int fd);

#endif

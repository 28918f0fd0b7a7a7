/*
 * File systems whose files are in memory: reading them does not wait for a disk. A table by device
 * number answers this, because fstatfs would ask the file system itself, which may be slow. The
 * table is read from /proc/self/mountinfo, before a thread's first turn and later between turns.
 */
#ifndef RUNTIME_MEMORY_DEVICES_H
#define RUNTIME_MEMORY_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

enum device_kind {
	DEVICE_UNKNOWN = 0, /* not mounted when the table was read; it will be read again */
	DEVICE_DISK,	    /* or a network file system */
	DEVICE_MEMORY,
};

enum device_kind memory_device_kind(uint32_t major, uint32_t minor);

/* The table may be out of date: it is read again at the next opportunity outside turns. */
void memory_devices_changed(void);

extern bool memory_devices_stale __attribute__((visibility("hidden")));

COLD void memory_devices_read(void);

/* Such an opportunity. */
static inline void memory_devices_refresh(void)
{
	if (UNLIKELY(SHARED_WORD(memory_devices_stale)))
		memory_devices_read();
}

#endif

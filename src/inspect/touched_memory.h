/*
 * Which pages of a process were ever touched: the others need not be read, and reading one
 * would give it to the process. A mapping may have terabytes of them, such as AddressSanitizer's.
 */
#ifndef INSPECT_TOUCHED_MEMORY_H
#define INSPECT_TOUCHED_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct touched_memory {
	int pages; /* /proc/PID/pagemap, or -1: all count as touched */
	/* Linux 6.7 and later. Before, mappings of more than a TiB are left out. */
	bool can_scan;
};

struct touched_pages {
	uint64_t start, end;
};

/* 0: none, as in a core. */
void touched_memory_open(struct touched_memory *touched, pid_t pid);
void touched_memory_close(struct touched_memory *touched);

/* The first touched pages from `at` on, which is a page's address, below `end`: at most a MiB of
 * them. False: there are none. */
bool touched_memory_next(const struct touched_memory *touched, uint64_t at, uint64_t end,
			 struct touched_pages *found);

#endif

#include "touched_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/arch/arch.h"

/* proc(5): a page is present, or swapped out. */
#define PAGE_IN_USE   (UINT64_C(3) << 62)

#define MOST_PAGES    256 /* returned at once */
#define FIRST_ENTRIES MOST_PAGES
/* Older kernels take seconds for each look at more than this. No heap is so large. */
#define MOST_ENTRY_BYTES (UINT64_C(1) << 40)
#define PAGEMAP_ENTRIES	 32768

/* linux/fs.h since Linux 6.7. */
struct scanned_region {
	uint64_t start, end, categories;
};

struct pages_scan {
	uint64_t size, flags, start, end, walk_end, regions, region_count, most_pages;
	uint64_t category_inverted, category_mask, category_any, returned;
};

#define PAGES_SCAN    _IOWR('f', 16, struct pages_scan)
#define PAGES_PRESENT (UINT64_C(1) << 3)
#define PAGES_SWAPPED (UINT64_C(1) << 4)

/* The kernel passes over whole tables that are empty. Returns the number of runs, or -1. */
static int scan_pages(const struct touched_memory *touched, uint64_t at, uint64_t end,
		      struct touched_pages *found)
{
	struct scanned_region region = { 0 };
	struct pages_scan scan = {
		.size = sizeof scan,
		.start = at,
		.end = end,
		.regions = (uintptr_t)&region,
		.region_count = 1,
		.most_pages = MOST_PAGES,
		.category_any = PAGES_PRESENT | PAGES_SWAPPED,
		.returned = PAGES_PRESENT | PAGES_SWAPPED,
	};
	int got = ioctl(touched->pages, PAGES_SCAN, &scan);

	*found = (struct touched_pages){ region.start, region.end };
	return got;
}

void touched_memory_open(struct touched_memory *touched, pid_t pid)
{
	char path[64];
	struct touched_pages found;

	snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
	*touched = (struct touched_memory){ .pages = pid ? open(path, O_RDONLY | O_CLOEXEC) : -1 };
	touched->can_scan = touched->pages >= 0 && scan_pages(touched, 0, ARCH_PAGE, &found) >= 0;
}

void touched_memory_close(struct touched_memory *touched)
{
	if (touched->pages >= 0)
		close(touched->pages);
	touched->pages = -1;
}

/* More and more at once, as long as all is empty. */
static bool read_pagemap(const struct touched_memory *touched, uint64_t at, uint64_t end,
			 struct touched_pages *found)
{
	uint64_t entries[PAGEMAP_ENTRIES];

	*found = (struct touched_pages){ 0 };
	for (uint64_t wanted = FIRST_ENTRIES; at < end;
	     wanted *= wanted < PAGEMAP_ENTRIES ? 2 : 1) {
		uint64_t left = (end - at + ARCH_PAGE - 1) / ARCH_PAGE;
		ssize_t got = pread(touched->pages, entries,
				    (wanted < left ? wanted : left) * sizeof *entries,
				    (off_t)(at / ARCH_PAGE * sizeof *entries));

		if (got < (ssize_t)sizeof *entries)
			break;
		for (size_t i = 0; i < (size_t)got / sizeof *entries; i++, at += ARCH_PAGE) {
			bool is_touched = entries[i] & PAGE_IN_USE;

			if (is_touched && !found->end)
				found->start = at;
			if (is_touched)
				found->end = at + ARCH_PAGE;
			if (found->end &&
			    (!is_touched || found->end - found->start == MOST_PAGES * ARCH_PAGE))
				return true;
		}
	}
	return found->end;
}

bool touched_memory_next(const struct touched_memory *touched, uint64_t at, uint64_t end,
			 struct touched_pages *found)
{
	int runs = touched->can_scan ? scan_pages(touched, at, end, found) : -1;

	if (at >= end)
		return false;
	if (runs >= 0)
		return runs;
	if (touched->pages >= 0)
		return end - at <= MOST_ENTRY_BYTES && read_pagemap(touched, at, end, found);
	found->start = at;
	found->end = end - at < MOST_PAGES * ARCH_PAGE ? end : at + MOST_PAGES * ARCH_PAGE;
	return true;
}

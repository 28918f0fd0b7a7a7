#include "memory_pass.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/arch/arch.h"
#include "support/memory.h"
#include "support/progress.h"

#define PIECE	    (UINT64_C(1) << 20)
#define PIECE_PAGES (PIECE / ARCH_PAGE)
/* proc(5): a page is present, or swapped out. */
#define PAGE_IN_USE (UINT64_C(3) << 62)

struct pass {
	const struct process_image *image;
	int pages; /* /proc/PID/pagemap, or -1 */
	uint64_t *words;
	void (*visit)(void *data, uint64_t address, const uint64_t *words, size_t count);
	void *data;
};

/* Reading a page that was never touched would give it to the process. */
static bool is_piece_touched(const struct pass *pass, uint64_t start, uint64_t end)
{
	uint64_t entries[PIECE_PAGES];
	ssize_t got;

	if (pass->pages < 0)
		return true;
	got = pread(pass->pages, entries, (end - start) / ARCH_PAGE * sizeof *entries,
		    (off_t)(start / ARCH_PAGE * sizeof *entries));
	if (got <= 0)
		return true;
	for (size_t i = 0; i < (size_t)got / sizeof *entries; i++)
		if (entries[i] & PAGE_IN_USE)
			return true;
	return false;
}

static void pass_mapping(const struct pass *pass, const struct image_mapping *mapping)
{
	uint64_t at = mapping->start;
	size_t kept = 0; /* the last word of the piece before */

	while (at < mapping->end) {
		uint64_t end = mapping->end - at < PIECE ? mapping->end : at + PIECE;
		size_t got = 0, count;

		if (is_piece_touched(pass, at, end))
			got = process_memory_read(&pass->image->memory, at, pass->words + kept,
						  end - at);
		else
			got = SIZE_MAX;
		if (got == SIZE_MAX || got < sizeof *pass->words) {
			/* Unreadable: pass over one page. */
			at = got == SIZE_MAX ? end : (at & ~(uint64_t)(ARCH_PAGE - 1)) + ARCH_PAGE;
			kept = 0;
			continue;
		}
		count = kept + got / sizeof *pass->words;
		pass->visit(pass->data, at - kept * sizeof *pass->words, pass->words, count);
		pass->words[0] = pass->words[count - 1];
		kept = 1;
		at += got / sizeof *pass->words * sizeof *pass->words;
	}
}

static bool is_searched(const struct image_mapping *mapping)
{
	return mapping->is_readable && mapping->is_writable && mapping->is_private;
}

void memory_pass(const struct process_image *image, const char *phase,
		 void (*visit)(void *data, uint64_t address, const uint64_t *words, size_t count),
		 void *data)
{
	struct pass pass = { .image = image, .pages = -1, .visit = visit, .data = data };
	char path[64];

	pass.words = memory_get(PIECE + sizeof *pass.words);
	snprintf(path, sizeof path, "/proc/%d/pagemap", (int)image->pid);
	if (!image->is_core)
		pass.pages = open(path, O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < image->mapping_count; i++) {
		progress_step(phase, i, image->mapping_count);
		if (is_searched(&image->mappings[i]))
			pass_mapping(&pass, &image->mappings[i]);
	}
	if (pass.pages >= 0)
		close(pass.pages);
	free(pass.words);
}

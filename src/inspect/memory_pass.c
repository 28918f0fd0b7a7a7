#include "memory_pass.h"

#include <stdlib.h>

#include "shared/arch/arch.h"
#include "support/memory.h"
#include "support/progress.h"
#include "touched_memory.h"

#define PIECE (UINT64_C(1) << 20)

struct pass {
	const struct process_image *image;
	struct touched_memory touched;
	uint64_t *words;
	void (*visit)(void *data, uint64_t address, const uint64_t *words, size_t count);
	void *data;
};

static void pass_mapping(const struct pass *pass, const struct image_mapping *mapping)
{
	uint64_t at = mapping->start;
	size_t kept = 0; /* the last word of the piece before */
	struct touched_pages pages;

	while (touched_memory_next(&pass->touched, at, mapping->end, &pages)) {
		size_t got, count;

		if (pages.start != at)
			kept = 0;
		at = pages.start;
		got = process_memory_read(&pass->image->memory, at, pass->words + kept,
					  pages.end - at) &
		      ~(size_t)(ARCH_PAGE - 1);
		if (!got) {
			/* Unreadable: pass over one page. */
			at += ARCH_PAGE;
			kept = 0;
			continue;
		}
		count = kept + got / sizeof *pass->words;
		pass->visit(pass->data, at - kept * sizeof *pass->words, pass->words, count);
		pass->words[0] = pass->words[count - 1];
		kept = 1;
		at += got;
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
	struct pass pass = { .image = image, .visit = visit, .data = data };

	pass.words = memory_get(PIECE + sizeof *pass.words);
	touched_memory_open(&pass.touched, image->is_core ? 0 : image->pid);
	for (size_t i = 0; i < image->mapping_count; i++) {
		progress_step(phase, i, image->mapping_count);
		if (is_searched(&image->mappings[i]))
			pass_mapping(&pass, &image->mappings[i]);
	}
	touched_memory_close(&pass.touched);
	free(pass.words);
}

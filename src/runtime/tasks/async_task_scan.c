#include "async_task_scan.h"

#include <string.h>

#include "runtime/modules/modules.h"

#define FUNCTIONS	   7
#define LAYOUT		   7 /* in words from schedule */
#define ASYNC_VTABLE_WORDS 8

/* Larger than any future; only separates a size from an address. */
#define LARGEST_TASK	  (64UL << 20)
#define LARGEST_ALIGNMENT 4096
/* State, awaiter and the vtable's address, and metadata that an executor may add. */
#define SMALLEST_HEADER	     0x20
#define LARGEST_ASYNC_HEADER 0x400

/*
 * struct TaskLayout: core::alloc::Layout, whose two words may be in either order, and three
 * offsets: of the schedule function, the future and its output; the latter two share one place.
 */
struct layout {
	uint64_t size, alignment;
	uint64_t schedule, future, output;
};

static bool is_layout(const struct layout *layout)
{
	uint64_t alignment = layout->alignment;

	return alignment >= sizeof(void *) && alignment <= LARGEST_ALIGNMENT &&
	       (alignment & (alignment - 1)) == 0 && layout->size < LARGEST_TASK &&
	       layout->size % alignment == 0 && layout->schedule >= SMALLEST_HEADER &&
	       layout->schedule <= LARGEST_ASYNC_HEADER && layout->future >= layout->schedule &&
	       layout->output == layout->future && layout->future <= layout->size;
}

static bool has_layout(const struct task_region *region, uint64_t address)
{
	struct layout layout;
	uint64_t size;

	if (address % sizeof(uint64_t) ||
	    module_readable_until(region->module, address) < address + sizeof layout)
		return false;
	memcpy(&layout, (const void *)address, sizeof layout);
	if (is_layout(&layout))
		return true;
	size = layout.alignment;
	layout.alignment = layout.size;
	layout.size = size;
	return is_layout(&layout);
}

/* Not within its code: for most words this costs only 2 comparisons. */
static bool may_be_data(const struct task_region *region, uint64_t address)
{
	return address - region->module->start < region->module->end - region->module->start &&
	       address - region->text_start >= region->text_end - region->text_start;
}

void async_task_scan(const struct task_region *region, const struct task_addresses *runs,
		     void (*visit)(const struct task_vtable *vtable, void *data), void *data)
{
	uint64_t *words = (uint64_t *)((region->start + 7) & ~(uintptr_t)7);
	uint64_t *end = (uint64_t *)(region->end & ~(uintptr_t)7);
	struct task_vtable vtable = { 0 };

	for (; words + FUNCTIONS <= end; words++) {
		vtable.by_shape = words + ASYNC_VTABLE_WORDS <= end &&
				  may_be_data(region, words[LAYOUT]) &&
				  task_words_are_functions(region, words, FUNCTIONS) &&
				  has_layout(region, words[LAYOUT]);
		if (!vtable.by_shape && !(runs && task_addresses_has(runs, words[ASYNC_TASK_RUN]) &&
					  task_words_are_functions(region, words, FUNCTIONS)))
			continue;
		vtable.words = words;
		visit(&vtable, data);
		words += FUNCTIONS - 1;
	}
}

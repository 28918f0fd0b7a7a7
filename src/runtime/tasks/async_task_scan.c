#include "async_task_scan.h"

#include "runtime/modules/modules.h"
#include "shared/task_header.h"

#define FUNCTIONS	   7
#define LAYOUT		   7 /* in words from schedule */
#define ASYNC_VTABLE_WORDS 8

static bool has_layout(const struct task_region *region, uint64_t address)
{
	return !(address % sizeof(uint64_t)) &&
	       module_readable_until(region->module, address) >=
		       address + ASYNC_TASK_LAYOUT * sizeof(uint64_t) &&
	       async_task_is_layout((const uint64_t *)(uintptr_t)address);
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

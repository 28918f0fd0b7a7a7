#include "task_vtables.h"

#include <stdlib.h>

#include "shared/task_header.h"
#include "shared/tokio_scan.h"
#include "support/memory.h"

#define LARGEST_REGION	(UINT64_C(1) << 30)
#define VTABLES_AT_WORD 8

/* async-task/src/raw.rs, struct TaskVTable: indexes of its words. */
enum { ASYNC_FUNCTIONS = 7, ASYNC_RUN = 5, ASYNC_CLONE_WAKER = 6, ASYNC_WORDS = 8 };

struct vtable_search {
	struct task_vtables *vtables;
	const struct process_image *image;
};

/* A part of a module, as it is being searched for vtables. */
struct vtable_scan {
	struct task_vtables *vtables;
	size_t module;
	uint64_t start; /* its address there */
	const char *bytes;
};

static void add_found_vtable(struct task_vtables *vtables, const struct found_vtable *vtable)
{
	vtables->items =
		memory_grow(vtables->items, vtables->count, &vtables->room, sizeof *vtables->items);
	vtables->items[vtables->count++] = *vtable;
}

static void take_vtable(const struct task_vtable *vtable, void *data)
{
	const struct vtable_scan *scan = data;

	add_found_vtable(scan->vtables,
			 &(struct found_vtable){
				 .address = scan->start +
					    (uint64_t)((const char *)vtable->words - scan->bytes),
				 .poll = vtable->words[0],
				 .trailer = vtable->words[TASK_VTABLE_LAYOUT],
				 .module = scan->module,
				 .kind = vtable->job ? VTABLE_TOKIO_JOB : VTABLE_TOKIO,
			 });
}

/* Seven functions, and the address of a struct TaskLayout: since async-task 4.3. */
static bool is_async_vtable(const struct process_image *image, const struct task_region *region,
			    const struct image_module *module, const uint64_t *words,
			    uint64_t layout[ASYNC_TASK_LAYOUT])
{
	const uint64_t address = words[TASK_VTABLE_LAYOUT];
	const size_t size = ASYNC_TASK_LAYOUT * sizeof *layout;

	return address - module->start < module->end - module->start &&
	       (address < module->text_start || address >= module->text_end) &&
	       !(address % sizeof *layout) &&
	       task_words_are_functions(region, words, ASYNC_FUNCTIONS) &&
	       process_memory_read(&image->memory, address, layout, size) == size &&
	       async_task_is_layout(layout);
}

static void scan_async_task(const struct vtable_search *search, const struct task_region *region,
			    size_t number, uint64_t address)
{
	const uint64_t *words = (const uint64_t *)region->start;
	size_t count = (region->end - region->start) / sizeof *words;
	uint64_t layout[ASYNC_TASK_LAYOUT];

	for (size_t i = 0; i + ASYNC_WORDS <= count; i++) {
		if (!is_async_vtable(search->image, region, &search->image->modules[number],
				     words + i, layout))
			continue;
		add_found_vtable(search->vtables,
				 &(struct found_vtable){
					 .address = address + i * sizeof *words,
					 .poll = words[i + ASYNC_RUN],
					 .schedule = layout[ASYNC_TASK_SCHEDULE],
					 .clone_waker = words[i + ASYNC_CLONE_WAKER],
					 .module = number,
					 .kind = VTABLE_ASYNC_TASK,
				 });
		i += ASYNC_WORDS - 1;
	}
}

static void scan_data(void *data, size_t number, uint64_t address, const char *bytes, size_t size)
{
	const struct vtable_search *search = data;
	const struct image_module *module = &search->image->modules[number];
	const struct task_region region = {
		.start = (uintptr_t)bytes,
		.end = (uintptr_t)bytes + size,
		.text_start = module->text_start,
		.text_end = module->text_end,
	};

	tokio_scan(&region, NULL, take_vtable,
		   &(struct vtable_scan){ search->vtables, number, address, bytes });
	scan_async_task(search, &region, number, address);
}

static bool is_data_of(const struct image_mapping *mapping, const struct image_module *module)
{
	return mapping->path && mapping->is_readable && !mapping->is_executable &&
	       mapping->start >= module->start && mapping->start < module->end &&
	       (mapping->start < module->text_start || mapping->start >= module->text_end);
}

void module_data_visit(const struct process_image *image,
		       void (*visit)(void *data, size_t module, uint64_t address, const char *bytes,
				     size_t size),
		       void *data)
{
	for (size_t i = 0; i < image->module_count; i++)
		for (size_t j = 0; j < image->mapping_count; j++) {
			const struct image_module *module = &image->modules[i];
			const struct image_mapping *mapping = &image->mappings[j];
			uint64_t end = mapping->end < module->end ? mapping->end : module->end;
			size_t size = end - mapping->start;
			char *bytes;

			if (!is_data_of(mapping, module) || size > LARGEST_REGION)
				continue;
			bytes = memory_get(size);
			size = process_memory_read(&image->memory, mapping->start, bytes, size);
			visit(data, i, mapping->start, bytes, size);
			free(bytes);
		}
}

static int compare_vtables(const void *a, const void *b)
{
	const struct found_vtable *one = a, *other = b;

	return (one->address > other->address) - (one->address < other->address);
}

static void add_range(struct task_vtables *vtables, size_t first, size_t end)
{
	struct vtable_range *range = &vtables->ranges[vtables->range_count++];

	range->start = vtables->items[first].address;
	range->size = vtables->items[end - 1].address - range->start + 1;
	range->numbers = memory_get((range->size / VTABLES_AT_WORD + 1) * sizeof *range->numbers);
	for (size_t i = first; i < end; i++)
		range->numbers[(vtables->items[i].address - range->start) / VTABLES_AT_WORD] =
			(uint32_t)i + 1;
}

void task_vtables_find(struct task_vtables *vtables, const struct process_image *image)
{
	size_t first = 0;

	module_data_visit(image, scan_data, &(struct vtable_search){ vtables, image });
	if (!vtables->count)
		return;
	qsort(vtables->items, vtables->count, sizeof *vtables->items, compare_vtables);
	vtables->ranges = memory_get((vtables->count + 1) * sizeof *vtables->ranges);
	for (size_t i = 1; i <= vtables->count; i++)
		if (i == vtables->count ||
		    vtables->items[i].module != vtables->items[first].module) {
			add_range(vtables, first, i);
			first = i;
		}
}

void task_vtables_deinit(struct task_vtables *vtables)
{
	for (size_t i = 0; i < vtables->range_count; i++)
		free(vtables->ranges[i].numbers);
	free(vtables->ranges);
	free(vtables->items);
}

uint32_t task_vtable_at(const struct task_vtables *vtables, uint64_t address)
{
	for (size_t i = 0; i < vtables->range_count; i++) {
		const struct vtable_range *range = &vtables->ranges[i];

		if (address - range->start < range->size && !(address % VTABLES_AT_WORD))
			return range->numbers[(address - range->start) / VTABLES_AT_WORD];
	}
	return 0;
}

bool task_vtables_have(const struct task_vtables *vtables, enum vtable_kind kind)
{
	for (size_t i = 0; i < vtables->count; i++)
		if (vtables->items[i].kind == kind)
			return true;
	return false;
}

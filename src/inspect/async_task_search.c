#include "async_task_search.h"

#include <stdlib.h>

#include "memory_pass.h"
#include "shared/task_header.h"
#include "shared/task_vtable.h"
#include "support/hash.h"
#include "support/memory.h"

/* core::task::RawWakerVTable: clone, wake, wake_by_ref, drop, in the order of their declaration. */
#define WAKER_FUNCTIONS 4

/* A function by which wakers of a task type are cloned: identical ones may be folded. */
struct known_clone {
	uint64_t function;
	UT_hash_handle hh;
};

struct waker_vtable {
	uint64_t address, clone;
	UT_hash_handle hh;
};

struct known_header {
	uint64_t header;
	UT_hash_handle hh;
};

struct waker_search {
	struct task_search *search;
	const struct process_image *image;
	struct known_clone *clones;
	struct waker_vtable *wakers;
	struct known_header *headers; /* the tasks found so far */
	uint64_t lowest, highest;     /* of the waker vtables */
};

static bool is_text_of(const struct image_module *module, uint64_t address)
{
	return address >= module->text_start && address < module->text_end;
}

static struct known_clone *clone_at(const struct waker_search *wakers, uint64_t function)
{
	struct known_clone *known;

	HASH_FIND(hh, wakers->clones, &function, sizeof function, known);
	return known;
}

static void find_clones(struct waker_search *wakers)
{
	const struct task_vtables *vtables = &wakers->search->vtables;

	for (size_t i = 0; i < vtables->count; i++) {
		struct known_clone *known;

		if (vtables->items[i].kind != VTABLE_ASYNC_TASK ||
		    clone_at(wakers, vtables->items[i].clone_waker))
			continue;
		known = memory_get(sizeof *known);
		known->function = vtables->items[i].clone_waker;
		HASH_ADD(hh, wakers->clones, function, sizeof known->function, known);
	}
}

static void add_waker_vtable(struct waker_search *wakers, uint64_t address, uint64_t clone)
{
	struct waker_vtable *known;

	HASH_FIND(hh, wakers->wakers, &address, sizeof address, known);
	if (known)
		return;
	known = memory_get(sizeof *known);
	known->address = address;
	known->clone = clone;
	HASH_ADD(hh, wakers->wakers, address, sizeof known->address, known);
	if (address < wakers->lowest)
		wakers->lowest = address;
	if (address > wakers->highest)
		wakers->highest = address;
}

static void scan_for_wakers(void *data, size_t number, uint64_t address, const char *bytes,
			    size_t size)
{
	struct waker_search *wakers = data;
	const struct image_module *module = &wakers->image->modules[number];
	const uint64_t *words = (const uint64_t *)(uintptr_t)bytes;
	size_t count = size / sizeof *words;

	for (size_t i = 0; i + WAKER_FUNCTIONS <= count; i++) {
		size_t functions = 0;

		while (functions < WAKER_FUNCTIONS && is_text_of(module, words[i + functions]))
			functions++;
		if (functions == WAKER_FUNCTIONS && clone_at(wakers, words[i]))
			add_waker_vtable(wakers, address + i * sizeof *words, words[i]);
	}
}

/* The vtable of a living task with this header, whose wakers are cloned so: an index + 1; 0. */
static uint32_t living_task(const struct waker_search *wakers, uint64_t header, uint64_t clone)
{
	const struct task_vtables *vtables = &wakers->search->vtables;
	uint64_t words[TASK_HEADER_WORDS];

	if (header % sizeof *words || process_memory_read(&wakers->image->memory, header, words,
							  sizeof words) != sizeof words)
		return 0;
	for (size_t i = 0; i < TASK_HEADER_WORDS; i++) {
		uint32_t number = task_vtable_at(vtables, words[i]);
		const struct found_vtable *vtable = number ? &vtables->items[number - 1] : NULL;

		if (vtable && vtable->kind == VTABLE_ASYNC_TASK && vtable->clone_waker == clone &&
		    async_task_moment(words, vtable->address, vtable->schedule) != TASK_IS_GONE)
			return number;
	}
	return 0;
}

static void take_header(struct waker_search *wakers, uint64_t header, uint64_t clone)
{
	struct known_header *known;
	uint32_t number;

	HASH_FIND(hh, wakers->headers, &header, sizeof header, known);
	if (known)
		return;
	number = living_task(wakers, header, clone);
	if (!number)
		return;
	known = memory_get(sizeof *known);
	known->header = header;
	HASH_ADD(hh, wakers->headers, header, sizeof known->header, known);
	task_search_add(wakers->search, header, number - 1);
}

/* rustc orders the two words of a waker. */
static void search_wakers(void *data, uint64_t address, const uint64_t *words, size_t count)
{
	struct waker_search *wakers = data;
	const uint64_t size = wakers->highest - wakers->lowest;

	(void)address;
	for (size_t i = 0; i < count; i++) {
		const struct waker_vtable *known;

		if (words[i] - wakers->lowest > size)
			continue;
		HASH_FIND(hh, wakers->wakers, &words[i], sizeof words[i], known);
		if (known && i)
			take_header(wakers, words[i - 1], known->clone);
		if (known && i + 1 < count)
			take_header(wakers, words[i + 1], known->clone);
	}
}

static void waker_search_deinit(struct waker_search *wakers)
{
	struct known_clone *clone, *next_clone;
	struct waker_vtable *waker, *next_waker;
	struct known_header *header, *next_header;

	HASH_ITER (hh, wakers->clones, clone, next_clone) {
		HASH_DEL(wakers->clones, clone);
		free(clone);
	}
	HASH_ITER (hh, wakers->wakers, waker, next_waker) {
		HASH_DEL(wakers->wakers, waker);
		free(waker);
	}
	HASH_ITER (hh, wakers->headers, header, next_header) {
		HASH_DEL(wakers->headers, header);
		free(header);
	}
}

void async_task_search(struct task_search *search, const struct process_image *image)
{
	struct waker_search wakers = { .search = search, .image = image, .lowest = UINT64_MAX };

	find_clones(&wakers);
	module_data_visit(image, scan_for_wakers, &wakers);
	if (wakers.wakers)
		memory_pass(image, "searching for wakers", search_wakers, &wakers);
	waker_search_deinit(&wakers);
}

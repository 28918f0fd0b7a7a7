#include "task_search.h"

#include <stdlib.h>
#include <string.h>

#include "memory_pass.h"
#include "shared/task_header.h"
#include "shared/tokio_scan.h"
#include "support/hash.h"
#include "support/memory.h"

/* The header since Tokio 1.22: state, queue_next, vtable, owner_id. */
enum { WORD_STATE = 0, WORD_VTABLE = 2, WORD_OWNER = 3, HEADER_WORDS = 4 };

/* tokio/src/runtime/task/state.rs */
enum { STATE_COMPLETE = 2, STATE_REFERENCE = 64, MOST_STATE_REFERENCES = 1 << 20 };

#define READ_TRIES_OF_LINKS 4 /* to read a task that changes */
#define TRAILER_PLACES	    6 /* words of the trailer at which the list's pointers may begin */
#define VOTERS		    4096
#define LARGEST_REGION	    (UINT64_C(1) << 30)
#define VTABLES_AT_WORD	    8

/* A header that may be a task's. */
struct candidate {
	uint64_t header;
	size_t vtable;
	bool is_done;  /* complete, and still in its list */
	bool is_alone; /* without neighbours */
	bool is_alive; /* proven */
	UT_hash_handle hh;
};

/* The vtables of a module, by address: nearly every word of memory fails one comparison. */
struct vtable_range {
	uint64_t start, size;
	uint32_t *numbers; /* by word; 0: none, else index + 1 */
};

struct searching {
	struct task_search *search;
	const struct process_image *image;
	struct vtable_range *ranges;
	size_t range_count;
	struct candidate *candidates;
	uint64_t links; /* offset of the list's pointers in the trailer */
	size_t alone;
	uint64_t lowest_alone, highest_alone;
};

static bool read_task_memory(const struct searching *searching, uint64_t address, void *to,
			     size_t size)
{
	return process_memory_read(&searching->image->memory, address, to, size) == size;
}

/* A part of a module, as it is being searched for vtables. */
struct vtable_scan {
	struct task_search *search;
	size_t module;
	uint64_t start; /* its address there */
	const char *bytes;
};

static void take_vtable(const struct task_vtable *vtable, void *data)
{
	const struct vtable_scan *scan = data;
	struct task_search *search = scan->search;

	search->vtables = memory_grow(search->vtables, search->vtable_count, &search->vtable_room,
				      sizeof *search->vtables);
	search->vtables[search->vtable_count++] = (struct found_vtable){
		.address = scan->start + (uint64_t)((const char *)vtable->words - scan->bytes),
		.poll = vtable->words[0],
		.trailer = vtable->words[TASK_VTABLE_LAYOUT],
		.module = scan->module,
		.is_job = vtable->job,
	};
}

static void scan_mapping(const struct searching *searching, const struct image_mapping *mapping,
			 size_t number)
{
	const struct image_module *module = &searching->image->modules[number];
	uint64_t end = mapping->end < module->end ? mapping->end : module->end;
	size_t size = end - mapping->start;
	char *bytes;

	if (size > LARGEST_REGION)
		return;
	bytes = memory_get(size);
	size = process_memory_read(&searching->image->memory, mapping->start, bytes, size);
	tokio_scan(
		&(struct task_region){
			.start = (uintptr_t)bytes,
			.end = (uintptr_t)bytes + size,
			.text_start = module->text_start,
			.text_end = module->text_end,
		},
		NULL, take_vtable,
		&(struct vtable_scan){ searching->search, number, mapping->start, bytes });
	free(bytes);
}

static int compare_vtables(const void *a, const void *b)
{
	const struct found_vtable *one = a, *other = b;

	return (one->address > other->address) - (one->address < other->address);
}

static void find_vtables(struct searching *searching)
{
	const struct process_image *image = searching->image;
	struct task_search *search = searching->search;

	for (size_t i = 0; i < image->module_count; i++) {
		const struct image_module *module = &image->modules[i];

		for (size_t j = 0; j < image->mapping_count; j++) {
			const struct image_mapping *mapping = &image->mappings[j];

			if (mapping->path && mapping->is_readable && !mapping->is_executable &&
			    mapping->start >= module->start && mapping->start < module->end &&
			    (mapping->start < module->text_start ||
			     mapping->start >= module->text_end))
				scan_mapping(searching, mapping, i);
		}
	}
	if (search->vtable_count)
		qsort(search->vtables, search->vtable_count, sizeof *search->vtables,
		      compare_vtables);
}

static void add_range(struct searching *searching, size_t first, size_t end)
{
	const struct found_vtable *vtables = searching->search->vtables;
	struct vtable_range *range = &searching->ranges[searching->range_count++];

	range->start = vtables[first].address;
	range->size = vtables[end - 1].address - range->start + 1;
	range->numbers = memory_get((range->size / VTABLES_AT_WORD + 1) * sizeof *range->numbers);
	for (size_t i = first; i < end; i++)
		range->numbers[(vtables[i].address - range->start) / VTABLES_AT_WORD] =
			(uint32_t)i + 1;
}

static void make_ranges(struct searching *searching)
{
	const struct task_search *search = searching->search;
	size_t first = 0;

	searching->ranges = memory_get((search->vtable_count + 1) * sizeof *searching->ranges);
	for (size_t i = 1; i <= search->vtable_count; i++)
		if (i == search->vtable_count ||
		    search->vtables[i].module != search->vtables[first].module) {
			add_range(searching, first, i);
			first = i;
		}
}

/* 0: none, else index + 1 */
static uint32_t vtable_at(const struct searching *searching, uint64_t address)
{
	for (size_t i = 0; i < searching->range_count; i++) {
		const struct vtable_range *range = &searching->ranges[i];

		if (address - range->start < range->size && !(address % VTABLES_AT_WORD))
			return range->numbers[(address - range->start) / VTABLES_AT_WORD];
	}
	return 0;
}

static bool is_complete(uint64_t state)
{
	return state & STATE_COMPLETE && state / STATE_REFERENCE &&
	       state / STATE_REFERENCE < MOST_STATE_REFERENCES;
}

static struct candidate *candidate_at(struct searching *searching, uint64_t header)
{
	struct candidate *known;

	HASH_FIND(hh, searching->candidates, &header, sizeof header, known);
	return known;
}

/* Adds a header if it is one, or was until now. `in_list`: another task has it for a neighbour. */
static struct candidate *add_candidate(struct searching *searching, uint64_t header, bool in_list)
{
	struct candidate *known = candidate_at(searching, header);
	uint64_t words[TASK_HEADER_WORDS];
	uint32_t number;
	bool is_done;

	if (known)
		return known;
	if (header % sizeof header || !read_task_memory(searching, header, words, sizeof words))
		return NULL;
	number = vtable_at(searching, words[WORD_VTABLE]);
	if (!number || searching->search->vtables[number - 1].is_job || !words[WORD_OWNER])
		return NULL;
	is_done = is_complete(words[WORD_STATE]);
	if (tokio_task_moment(words, words[WORD_VTABLE]) == TASK_IS_GONE && !(in_list && is_done))
		return NULL;
	known = memory_get(sizeof *known);
	known->header = header;
	known->vtable = number - 1;
	known->is_done = is_done;
	HASH_ADD(hh, searching->candidates, header, sizeof known->header, known);
	return known;
}

static void search_headers(void *data, uint64_t address, const uint64_t *words, size_t count)
{
	struct searching *searching = data;

	for (size_t r = 0; r < searching->range_count; r++) {
		const struct vtable_range *range = &searching->ranges[r];

		for (size_t i = 0; i < count; i++)
			if (words[i] - range->start < range->size && vtable_at(searching, words[i]))
				add_candidate(searching,
					      address + (i - WORD_VTABLE) * sizeof *words, false);
	}
}

struct task_links {
	uint64_t previous, next;
};

static bool read_links(const struct searching *searching, const struct candidate *task,
		       uint64_t offset, struct task_links *links)
{
	return read_task_memory(
		searching, task->header + searching->search->vtables[task->vtable].trailer + offset,
		links, sizeof *links);
}

static bool is_linked_at(struct searching *searching, const struct candidate *task, uint64_t offset)
{
	struct task_links own, other;
	const struct candidate *previous, *next;

	if (!read_links(searching, task, offset, &own) || (!own.previous && !own.next))
		return false;
	previous = own.previous ? candidate_at(searching, own.previous) : NULL;
	next = own.next ? candidate_at(searching, own.next) : NULL;
	return (!own.previous || (previous && read_links(searching, previous, offset, &other) &&
				  other.next == task->header)) &&
	       (!own.next || (next && read_links(searching, next, offset, &other) &&
			      other.previous == task->header));
}

/* rustc orders the fields of the trailer: the place where most tasks are linked. */
static void find_links(struct searching *searching)
{
	size_t most = 0;

	for (uint64_t place = 0; place < TRAILER_PLACES; place++) {
		const uint64_t offset = place * sizeof(uint64_t);
		size_t votes = 0, voters = 0;

		for (struct candidate *task = searching->candidates; task && voters < VOTERS;
		     task = task->hh.next, voters++)
			votes += is_linked_at(searching, task, offset);
		if (votes > most) {
			most = votes;
			searching->links = offset;
		}
	}
}

/* Whether the neighbours point back. One that was not found yet is added. */
static bool has_neighbours(struct searching *searching, const struct candidate *task,
			   const struct task_links *own)
{
	struct task_links other;
	const struct candidate *previous, *next;

	previous = own->previous ? add_candidate(searching, own->previous, true) : NULL;
	next = own->next ? add_candidate(searching, own->next, true) : NULL;
	return (!own->previous ||
		(previous && read_links(searching, previous, searching->links, &other) &&
		 other.next == task->header)) &&
	       (!own->next || (next && read_links(searching, next, searching->links, &other) &&
			       other.previous == task->header));
}

static bool is_still_there(const struct searching *searching, const struct candidate *task)
{
	uint64_t words[TASK_HEADER_WORDS];

	return read_task_memory(searching, task->header, words, sizeof words) &&
	       words[WORD_VTABLE] == searching->search->vtables[task->vtable].address &&
	       tokio_task_moment(words, words[WORD_VTABLE]) != TASK_IS_GONE;
}

static void prove_task(struct searching *searching, struct candidate *task)
{
	struct task_links links, before = { 0 };
	bool has_changed = false;

	if (task->is_done)
		return;
	for (int i = 0; i < READ_TRIES_OF_LINKS; i++) {
		if (!is_still_there(searching, task) ||
		    !read_links(searching, task, searching->links, &links))
			return;
		task->is_alone = !links.previous && !links.next;
		if (task->is_alone)
			break;
		has_changed |= i && memcmp(&links, &before, sizeof links) != 0;
		before = links;
		task->is_alive = has_neighbours(searching, task, &links);
		if (task->is_alive)
			return;
	}
	/* Remains in freed memory do not change. */
	if (!task->is_alone) {
		searching->search->torn += has_changed;
		return;
	}
	searching->alone++;
	if (task->header < searching->lowest_alone)
		searching->lowest_alone = task->header;
	if (task->header > searching->highest_alone)
		searching->highest_alone = task->header;
}

/* The head and the tail of a list with one task. */
static void search_heads(void *data, uint64_t address, const uint64_t *words, size_t count)
{
	struct searching *searching = data;
	const uint64_t lowest = searching->lowest_alone,
		       size = searching->highest_alone - lowest + 1;

	(void)address;
	for (size_t i = 0; i + 1 < count; i++) {
		struct candidate *task;

		if (words[i] - lowest >= size || words[i] != words[i + 1])
			continue;
		task = candidate_at(searching, words[i]);
		if (task && task->is_alone)
			task->is_alive = true;
	}
}

static void take_alive(struct searching *searching)
{
	struct task_search *search = searching->search;
	struct candidate *task, *next;

	HASH_ITER (hh, searching->candidates, task, next) {
		if (task->is_alive) {
			search->tasks = memory_grow(search->tasks, search->count, &search->room,
						    sizeof *search->tasks);
			search->tasks[search->count++] =
				(struct found_task){ task->header, task->vtable };
		}
		HASH_DEL(searching->candidates, task);
		free(task);
	}
}

void task_search_run(struct task_search *search, const struct process_image *image)
{
	struct searching searching = {
		.search = search,
		.image = image,
		.lowest_alone = UINT64_MAX,
	};

	memset(search, 0, sizeof *search);
	find_vtables(&searching);
	if (!search->vtable_count)
		return;
	make_ranges(&searching);
	memory_pass(image, "searching for tasks", search_headers, &searching);
	find_links(&searching);
	for (struct candidate *task = searching.candidates; task; task = task->hh.next)
		prove_task(&searching, task);
	if (searching.alone)
		memory_pass(image, "searching for lists of tasks", search_heads, &searching);
	take_alive(&searching);
	for (size_t i = 0; i < searching.range_count; i++)
		free(searching.ranges[i].numbers);
	free(searching.ranges);
}

void task_search_deinit(struct task_search *search)
{
	free(search->vtables);
	free(search->tasks);
	memset(search, 0, sizeof *search);
}

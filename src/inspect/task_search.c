#include "task_search.h"

#include <stdlib.h>
#include <string.h>

#include "async_task_search.h"
#include "memory_pass.h"
#include "shared/task_header.h"
#include "support/hash.h"
#include "support/memory.h"

/* The header since Tokio 1.22: state, queue_next, vtable, owner_id. */
enum { WORD_STATE = 0, WORD_VTABLE = 2, WORD_OWNER = 3, HEADER_WORDS = 4 };

/* tokio/src/runtime/task/state.rs */
enum { STATE_COMPLETE = 2, STATE_REFERENCE = 64, MOST_STATE_REFERENCES = 1 << 20 };

#define READ_TRIES_OF_LINKS 4 /* to read a task that changes */
#define TRAILER_PLACES	    6 /* words of the trailer at which the list's pointers may begin */
#define VOTERS		    4096

/* A header that may be a task's. */
struct candidate {
	uint64_t header;
	size_t vtable;
	bool is_done;  /* complete, and still in its list */
	bool is_alone; /* without neighbours */
	bool is_alive; /* proven */
	UT_hash_handle hh;
};

struct searching {
	struct task_search *search;
	const struct process_image *image;
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
	number = task_vtable_at(&searching->search->vtables, words[WORD_VTABLE]);
	if (!number || !words[WORD_OWNER] ||
	    searching->search->vtables.items[number - 1].kind != VTABLE_TOKIO)
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
	const struct task_vtables *vtables = &searching->search->vtables;

	for (size_t r = 0; r < vtables->range_count; r++) {
		const struct vtable_range *range = &vtables->ranges[r];

		for (size_t i = 0; i < count; i++)
			if (words[i] - range->start < range->size &&
			    task_vtable_at(vtables, words[i]))
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
		searching,
		task->header + searching->search->vtables.items[task->vtable].trailer + offset,
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
	       words[WORD_VTABLE] == searching->search->vtables.items[task->vtable].address &&
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
		if (task->is_alive)
			task_search_add(search, task->header, task->vtable);
		HASH_DEL(searching->candidates, task);
		free(task);
	}
}

void task_search_add(struct task_search *search, uint64_t header, size_t vtable)
{
	search->tasks =
		memory_grow(search->tasks, search->count, &search->room, sizeof *search->tasks);
	search->tasks[search->count++] = (struct found_task){ header, vtable };
}

static void search_tokio(struct task_search *search, const struct process_image *image)
{
	struct searching searching = {
		.search = search,
		.image = image,
		.lowest_alone = UINT64_MAX,
	};

	memory_pass(image, "searching for tasks", search_headers, &searching);
	find_links(&searching);
	for (struct candidate *task = searching.candidates; task; task = task->hh.next)
		prove_task(&searching, task);
	if (searching.alone)
		memory_pass(image, "searching for lists of tasks", search_heads, &searching);
	take_alive(&searching);
}

void task_search_run(struct task_search *search, const struct process_image *image)
{
	memset(search, 0, sizeof *search);
	task_vtables_find(&search->vtables, image);
	if (task_vtables_have(&search->vtables, VTABLE_TOKIO))
		search_tokio(search, image);
	if (task_vtables_have(&search->vtables, VTABLE_ASYNC_TASK))
		async_task_search(search, image);
}

void task_search_deinit(struct task_search *search)
{
	task_vtables_deinit(&search->vtables);
	free(search->tasks);
	memset(search, 0, sizeof *search);
}

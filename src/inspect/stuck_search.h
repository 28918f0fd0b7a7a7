/* While waits are searched: the tasks by their headers, and what each search adds to the look. */
#ifndef INSPECT_STUCK_SEARCH_H
#define INSPECT_STUCK_SEARCH_H

#include "stuck_memory.h"

#define STUCK_MAX_QUEUE 100000

struct header_place {
	uint64_t header;
	size_t task;
};

struct stuck_search {
	struct stuck_look *look;
	const struct stuck_memory *memory;
	struct header_place *headers; /* sorted */
	size_t header_count;
};

int stuck_compare_headers(const void *a, const void *b);

/* SIZE_MAX: no known task has its header there. */
size_t stuck_task_at(const struct stuck_search *search, uint64_t header);

struct task_wait *stuck_add_wait(struct stuck_look *look, const struct task_wait *wait);

/* The task whose waker lies at an address; SIZE_MAX: of no known task, or there is none. */
size_t stuck_waker_at(const struct stuck_search *search, const struct layout_tokio *tokio,
		      uint64_t at, bool *is_there);

/* Numbers that are to be the same at each look. */
void stuck_remember_number(struct stuck_look *look, const struct wait_object *object,
			   uint64_t number);

size_t stuck_count_kind(const struct stuck_look *look, const struct wait_object *object,
			enum layout_end_kind kind, bool *is_certain);

#endif

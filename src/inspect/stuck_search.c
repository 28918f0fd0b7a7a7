#include "stuck_search.h"

#include <stdlib.h>

#include "support/memory.h"

int stuck_compare_headers(const void *a, const void *b)
{
	const struct header_place *one = a, *other = b;

	return (one->header > other->header) - (one->header < other->header);
}

size_t stuck_task_at(const struct stuck_search *search, uint64_t header)
{
	const struct header_place key = { .header = header };
	const struct header_place *found = bsearch(&key, search->headers, search->header_count,
						   sizeof key, stuck_compare_headers);

	return found && header ? found->task : SIZE_MAX;
}

struct task_wait *stuck_add_wait(struct stuck_look *look, const struct task_wait *wait)
{
	struct stuck_task *waiter = &look->tasks[wait->waiter];

	waiter->located++;
	waiter->sum = (waiter->sum ^ wait->node ^ wait->object) * UINT64_C(0x9e3779b97f4a7c15);
	look->waits =
		memory_grow(look->waits, look->wait_count, &look->wait_room, sizeof *look->waits);
	look->waits[look->wait_count] = *wait;
	return &look->waits[look->wait_count++];
}

size_t stuck_waker_at(const struct stuck_search *search, const struct layout_tokio *tokio,
		      uint64_t at, bool *is_there)
{
	uint64_t data, vtable;

	*is_there =
		stuck_memory_word(search->memory, at, &data) &&
		stuck_memory_word(search->memory,
				  at + (uint64_t)(int64_t)(int32_t)tokio->waker_vtable, &vtable) &&
		vtable;
	return *is_there ? stuck_task_at(search, data) : SIZE_MAX;
}

void stuck_remember_number(struct stuck_look *look, const struct wait_object *object,
			   uint64_t number)
{
	for (size_t i = 0; i < object->count; i++)
		look->tasks[look->holders[object->first + i].task].sum +=
			(number ^ object->address) * UINT64_C(0x9e3779b97f4a7c15);
}

size_t stuck_count_kind(const struct stuck_look *look, const struct wait_object *object,
			enum layout_end_kind kind, bool *is_certain)
{
	size_t count = 0;

	for (size_t i = 0; i < object->count; i++) {
		const struct wait_holder *holder = &look->holders[object->first + i];

		if (holder->kind != kind)
			continue;
		count++;
		*is_certain &= holder->end.is_certain;
	}
	return count;
}

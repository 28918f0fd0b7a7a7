#include "group_arms.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/session.h"
#include "support/memory.h"
#include "task_chain.h"

#define MOST_OF_TASK 4096

/* The chains of one task, while it is read. */
struct reading_arms {
	struct group_arm *items; /* by place, with their counts */
	size_t count, room;
	uint64_t elsewhere;
};

static bool is_arm_of(const struct group_arm *arm, const struct layout_link *links, size_t count)
{
	return arm->link_count == count && !memcmp(arm->links, links, count * sizeof *links);
}

static void take_arm(void *data, const struct layout_link *links, size_t count)
{
	struct reading_arms *reading = data;
	size_t i = 0;

	while (i < reading->count && !is_arm_of(&reading->items[i], links, count))
		i++;
	if (i == GROUP_ARMS_MOST) {
		reading->elsewhere++;
		return;
	}
	if (i == reading->count) {
		reading->items = memory_grow(reading->items, reading->count, &reading->room,
					     sizeof *reading->items);
		reading->items[i] = (struct group_arm){ .link_count = count };
		memcpy(reading->items[i].links, links, count * sizeof *links);
		reading->count++;
	}
	reading->items[i].count++;
}

static void add_arm(const struct layout_source *source, const struct group_arm *arm,
		    const struct task_seen *seen, struct group_arms *arms)
{
	struct group_arm *known;
	size_t i = 0;

	while (i < arms->count && !is_arm_of(&arms->items[i], arm->links, arm->link_count))
		i++;
	if (i == GROUP_ARMS_MOST) {
		arms->elsewhere += arm->count;
		return;
	}
	known = &arms->items[i];
	if (i == arms->count) {
		*known = *arm;
		known->count = 0;
		known->awaits = task_chain_frames(source, arm->links, arm->link_count);
		while (known->common + 1 < arm->link_count && known->common < seen->link_count &&
		       seen->links[known->common].state == arm->links[known->common].state)
			known->common++;
		arms->count++;
	}
	known->count += arm->count;
}

/* Whether it waits where it did. */
static bool waits_still(const struct task_kinds *kinds, const struct task_kind *kind, uint64_t task,
			const struct task_seen *seen)
{
	struct task_seen again;

	return task_kinds_look(kinds, kind, task, &again) && again.state == seen->state &&
	       again.link_count == seen->link_count &&
	       !memcmp(again.links, seen->links, seen->link_count * sizeof *seen->links);
}

void group_arms_add(const struct task_kinds *kinds, const struct layout_source *source,
		    const struct task_kind *kind, uint64_t task, const struct task_seen *seen,
		    struct group_arms *arms)
{
	struct reading_arms reading = { 0 };
	size_t others = 0;

	for (size_t i = 0; i < seen->link_count; i++)
		others += seen->links[i].others;
	if (!others)
		return;
	task_memory_arms(&kinds->memory, task >> TRACE_TASK_TYPE_BITS, kind, MOST_OF_TASK, take_arm,
			 &reading);
	if (reading.count && waits_still(kinds, kind, task, seen)) {
		if (!arms->items)
			arms->items = obstack_alloc(&source->session->memory,
						    GROUP_ARMS_MOST * sizeof *arms->items);
		for (size_t i = 0; i < reading.count; i++)
			add_arm(source, &reading.items[i], seen, arms);
		arms->elsewhere += reading.elsewhere;
	}
	free(reading.items);
}

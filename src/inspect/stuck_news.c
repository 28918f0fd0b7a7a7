#include "stuck_news.h"

/* The receivers that wait in a list. */
static void read_listeners(const struct stuck_search *search, const struct wait_object *object,
			   uint64_t list)
{
	const struct layout_end *end = &object->end;
	uint64_t node;

	if (!stuck_memory_word(search->memory, list, &node))
		return;
	for (size_t i = 0; node && i < STUCK_MAX_QUEUE; i++) {
		struct task_wait wait = {
			.kind = WAIT_MESSAGE,
			.object = object->address,
			.node = node + end->list_waker,
			.place = (size_t)(object - search->look->objects),
			.joined = SIZE_MAX,
		};
		bool is_there;

		wait.waiter = stuck_waker_at(search, &object->layout->header->tokio, wait.node,
					     &is_there);
		if (wait.waiter != SIZE_MAX)
			stuck_add_wait(search->look, &wait);
		if (!stuck_memory_word(search->memory, node + end->list_next, &node))
			return;
	}
}

void stuck_read_news(const struct stuck_search *search, struct wait_object *object)
{
	const struct layout_end *end = &object->end;
	uint64_t senders = 1, weak = 0;
	bool is_certain = true;

	if (object->layout->header->tokio.owner == LAYOUT_NONE || end->list == LAYOUT_NONE ||
	    end->list_next == LAYOUT_NONE || end->list_waker == LAYOUT_NONE ||
	    (end->state == LAYOUT_NONE && end->kind == END_BROADCAST_SENDER) ||
	    (end->state != LAYOUT_NONE &&
	     !stuck_memory_word(search->memory, object->address + end->state, &senders)) ||
	    (end->weak != LAYOUT_NONE &&
	     !stuck_memory_word(search->memory, object->address + end->weak, &weak)))
		return;
	object->is_accounted =
		stuck_count_kind(search->look, object, (enum layout_end_kind)end->kind,
				 &is_certain) == senders &&
		is_certain && !weak;
	stuck_remember_number(search->look, object, senders);
	for (uint32_t i = 0; i < end->lists; i++)
		read_listeners(search, object,
			       object->address + end->list + (uint64_t)i * end->list_stride);
}

bool stuck_is_news(const struct layout_end *end)
{
	return end->kind == END_BROADCAST_SENDER || end->kind == END_WATCH_SENDER;
}

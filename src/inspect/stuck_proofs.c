/* Who can end a wait, and whether all of them are stuck. */
#include "stuck_waits.h"

/* Whether all holders of an end of that kind are in the set. */
static bool are_stuck(const struct stuck_look *look, const struct wait_object *object,
		      bool (*is_ender)(enum layout_end_kind))
{
	bool any = false;

	for (size_t i = 0; i < object->count; i++) {
		const struct wait_holder *holder = &look->holders[object->first + i];

		if (!is_ender(holder->kind))
			continue;
		if (!look->tasks[holder->task].is_stuck)
			return false;
		any = true;
	}
	return any;
}

static bool end_is_guard(enum layout_end_kind kind)
{
	return kind == END_MUTEX_GUARD || kind == END_READ_GUARD || kind == END_WRITE_GUARD;
}

static bool is_sender(enum layout_end_kind kind)
{
	return kind == END_SENDER || kind == END_ONESHOT_SENDER || kind == END_BROADCAST_SENDER ||
	       kind == END_WATCH_SENDER;
}

static bool end_is_receiver(enum layout_end_kind kind)
{
	return kind == END_RECEIVER;
}

/* Those who queued before it are known, and in the set. */
static bool are_earlier_stuck(const struct stuck_look *look, const struct task_wait *wait)
{
	if (look->objects[wait->place].strangers > wait->position)
		return false;
	for (size_t i = 0; i < look->wait_count; i++)
		if (look->waits[i].kind == WAIT_LOCK && look->waits[i].object == wait->object &&
		    look->waits[i].position > wait->position &&
		    !look->tasks[look->waits[i].waiter].is_stuck)
			return false;
	return true;
}

bool stuck_wait_is_proven(const struct stuck_look *look, const struct task_wait *wait)
{
	const struct wait_object *object =
		wait->place == SIZE_MAX ? NULL : &look->objects[wait->place];

	if (!object && wait->kind != WAIT_JOIN)
		return false;
	switch (wait->kind) {
	case WAIT_LOCK:
		return object->is_accounted && are_stuck(look, object, end_is_guard) &&
		       (!object->is_shared || are_earlier_stuck(look, wait));
	case WAIT_MESSAGE:
	case WAIT_ONESHOT:
		return object->is_accounted && are_stuck(look, object, is_sender);
	case WAIT_ROOM:
		return object->is_accounted && are_stuck(look, object, is_sender) &&
		       are_stuck(look, object, end_is_receiver);
	case WAIT_JOIN:
		return look->tasks[wait->joined].is_stuck;
	case WAIT_PERMIT:
		return false; /* any task may add permits */
	}
	return false;
}

size_t stuck_wait_enders(const struct stuck_look *look, const struct task_wait *wait,
			 size_t enders[STUCK_MAX_ENDERS])
{
	const struct wait_object *object =
		wait->place == SIZE_MAX ? NULL : &look->objects[wait->place];
	size_t count = 0;

	if (wait->kind == WAIT_JOIN)
		enders[count++] = wait->joined;
	for (size_t i = 0; object && i < object->count && count < STUCK_MAX_ENDERS; i++) {
		const struct wait_holder *holder = &look->holders[object->first + i];
		bool ends = wait->kind == WAIT_LOCK ? end_is_guard(holder->kind)
			    : wait->kind == WAIT_ROOM
				    ? is_sender(holder->kind) || end_is_receiver(holder->kind)
				    : is_sender(holder->kind);

		if (ends)
			enders[count++] = holder->task;
	}
	/* A queued request in front of it must be served first. */
	for (size_t i = 0;
	     object && wait->kind == WAIT_LOCK && object->is_shared && i < look->wait_count; i++)
		if (look->waits[i].object == wait->object && count < STUCK_MAX_ENDERS &&
		    look->waits[i].position > wait->position)
			enders[count++] = look->waits[i].waiter;
	return count;
}

#include "group_waits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/session.h"
#include "inspect/stuck_find.h"
#include "inspect/task_kinds.h"
#include "inspect/task_type.h"
#include "shared/text.h"

/* A task, by its header, and the first thing that it waits for. */
struct header_wait {
	uint64_t header;
	size_t wait; /* index in the look */
};

struct group_waits {
	struct stuck_look look;
	struct address_space *space;
	struct header_wait *waits; /* sorted */
	size_t count;
};

static int compare_header_waits(const void *a, const void *b)
{
	const struct header_wait *one = a, *other = b;

	if (one->header != other->header)
		return one->header > other->header ? 1 : -1;
	return (one->wait > other->wait) - (one->wait < other->wait);
}

struct group_waits *group_waits_create(struct task_kinds *kinds)
{
	struct group_waits *waits = memory_get(sizeof *waits);

	waits->space = kinds->space;
	stuck_look_init(&waits->look);
	stuck_look_tasks(&waits->look, kinds);
	waits->waits = memory_get((waits->look.wait_count + 1) * sizeof *waits->waits);
	for (size_t i = 0; i < waits->look.wait_count; i++)
		waits->waits[waits->count++] = (struct header_wait){
			.header = waits->look.tasks[waits->look.waits[i].waiter].header,
			.wait = i,
		};
	qsort(waits->waits, waits->count, sizeof *waits->waits, compare_header_waits);
	return waits;
}

void group_waits_destroy(struct group_waits *waits)
{
	if (!waits)
		return;
	stuck_look_deinit(&waits->look);
	free(waits->waits);
	free(waits);
}

static void add_holder(const struct group_waits *waits, size_t number, struct group_wait *group)
{
	const struct stuck_task *task = &waits->look.tasks[number];

	if (!task->header || task->header == group->holder_task)
		return;
	group->holders++;
	if (group->holder)
		return;
	group->holder = task_type_name(waits->space, task->poll);
	group->holder_task = task->header;
}

static bool has_other_end(enum wait_kind wait, enum layout_end_kind end)
{
	switch (wait) {
	case WAIT_LOCK:
		return end == END_MUTEX_GUARD || end == END_READ_GUARD || end == END_WRITE_GUARD;
	case WAIT_PERMIT:
		return end == END_PERMIT;
	case WAIT_ROOM:
		return end == END_RECEIVER;
	case WAIT_MESSAGE:
		return end == END_SENDER || end == END_BROADCAST_SENDER || end == END_WATCH_SENDER;
	case WAIT_ONESHOT:
		return end == END_ONESHOT_SENDER;
	case WAIT_JOIN:
		break;
	}
	return false;
}

/* Who certainly has the other end: a guard of the lock, a sender of the channel; the task that is
 * joined. */
static void find_wait_holder(const struct group_waits *waits, const struct task_wait *wait,
			     struct group_wait *group)
{
	const struct stuck_look *look = &waits->look;
	const struct wait_object *object =
		wait->place == SIZE_MAX ? NULL : &look->objects[wait->place];

	if (wait->kind == WAIT_JOIN)
		add_holder(waits, wait->joined, group);
	for (size_t i = 0; object && i < object->count; i++) {
		const struct wait_holder *holder = &look->holders[object->first + i];

		if (holder->end.is_certain && has_other_end(wait->kind, holder->kind))
			add_holder(waits, holder->task, group);
	}
}

/* Futures whose name says what they wait for: nothing more is known of it. */
static const struct {
	const char *type;
	enum wait_kind kind;
} named_waits[] = {
	{ "async_channel::Recv<", WAIT_MESSAGE },
	{ "async_channel::Send<", WAIT_ROOM },
	{ "flume::async::RecvFut<", WAIT_MESSAGE },
	{ "flume::async::SendFut<", WAIT_ROOM },
	{ "async_lock::mutex::Lock", WAIT_LOCK },
	{ "async_lock::rwlock::futures::", WAIT_LOCK },
	{ "async_lock::semaphore::Acquire", WAIT_PERMIT },
	{ "async_task::task::Task<", WAIT_JOIN },
	{ "async_executor::Task<", WAIT_JOIN },
	{ "futures_util::lock::mutex::MutexLockFuture<", WAIT_LOCK },
	{ "futures_util::lock::mutex::OwnedMutexLockFuture<", WAIT_LOCK },
	{ "futures_channel::oneshot::Receiver<", WAIT_ONESHOT },
};

void group_wait_name(struct group_wait *group, const char *type)
{
	for (size_t i = 0; type && i < sizeof named_waits / sizeof *named_waits; i++)
		if (text_begins(type, named_waits[i].type)) {
			group->is_known = true;
			group->kind = named_waits[i].kind;
		}
}

void group_waits_add(struct group_waits *waits, uint64_t header, struct group_wait *group)
{
	size_t low = 0, high = waits->count;
	const struct task_wait *wait;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (waits->waits[middle].header < header)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == waits->count || waits->waits[low].header != header)
		return;
	wait = &waits->look.waits[waits->waits[low].wait];
	if (group->is_known && group->object) {
		group->others += wait->object != group->object;
		return;
	}
	*group = (struct group_wait){ true, wait->kind, wait->object, 0, 0, NULL, 0 };
	find_wait_holder(waits, wait, group);
}

static const struct {
	const char *word, *text, *holder;
} kinds_of_wait[] = {
	[WAIT_LOCK] = { "lock", "a lock", "holds" },
	[WAIT_PERMIT] = { "permit", "a permit of a semaphore", "has one of" },
	[WAIT_JOIN] = { "task", "the end of a task", NULL },
	[WAIT_MESSAGE] = { "message", "a message of a channel", "can send to" },
	[WAIT_ROOM] = { "room", "room in a channel", "receives from" },
	[WAIT_ONESHOT] = { "oneshot", "a value of a oneshot channel", "can send" },
};

const char *group_wait_word(enum wait_kind kind)
{
	return kinds_of_wait[kind].word;
}

const char *group_wait_text(struct session *session, const struct group_wait *wait, uint64_t count)
{
	struct strings *strings = &session->strings;
	const char *text = kinds_of_wait[wait->kind].text,
		   *holds = kinds_of_wait[wait->kind].holder;

	if (!wait->is_known)
		return NULL;
	if (wait->others)
		return strings_print(strings, "%s for %s%s", count > 1 ? "each" : "", text,
				     wait->others + 1 < count ? ", some for the same" : "");
	if (!wait->object)
		return strings_print(strings, "%sfor %s", count > 1 ? "each " : "", text);
	if (wait->kind == WAIT_JOIN)
		return wait->holder ? strings_print(strings, "for the end of %s", wait->holder)
				    : "for the end of a task";
	text = strings_print(strings, "for %s at 0x%" PRIx64, text, wait->object);
	if (!wait->holder)
		return text;
	return wait->holders > 1
		       ? strings_print(strings,
				       "%s; %" PRIu64 " tasks have its other end, one is %s", text,
				       wait->holders, wait->holder)
		       : strings_print(strings, "%s that %s %s", text, wait->holder, holds);
}

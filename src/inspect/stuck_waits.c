#include "stuck_waits.h"

#include <stdlib.h>
#include <string.h>

#include "stuck_news.h"
#include "stuck_search.h"
#include "support/memory.h"

enum { STATE_JOIN_WAKER = 16, ONESHOT_RX_TASK_SET = 1, ONESHOT_VALUE_SENT = 2, ONESHOT_CLOSED = 4 };

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_holders(const void *a, const void *b)
{
	return compare_numbers(((const struct wait_holder *)a)->object,
			       ((const struct wait_holder *)b)->object);
}

static void index_headers(struct stuck_search *search)
{
	const struct stuck_look *look = search->look;

	search->headers = memory_get((look->count + 1) * sizeof *search->headers);
	for (size_t i = 0; i < look->count; i++)
		if (look->tasks[i].header && look->tasks[i].is_readable)
			search->headers[search->header_count++] =
				(struct header_place){ look->tasks[i].header, i };
	qsort(search->headers, search->header_count, sizeof *search->headers,
	      stuck_compare_headers);
}

static const struct layout_end *layout_end_of(const struct stuck_task *task,
					      const struct task_end *end)
{
	return &task->layout->ends[task->layout->values[end->value].end];
}

static bool is_awaitable(enum layout_end_kind kind)
{
	return kind == END_ACQUIRE || kind == END_JOIN || kind == END_ONESHOT_RECEIVER;
}

static void add_holders(struct stuck_look *look, size_t number)
{
	struct stuck_task *task = &look->tasks[number];

	if (!task->header)
		task->wakers = task->ends.receives;
	for (size_t i = 0; i < task->ends.count; i++) {
		const struct task_end *end = &task->ends.items[i];
		enum layout_end_kind kind = layout_end_of(task, end)->kind;

		if (!task->header)
			task->wakers += end->is_awaited && is_awaitable(kind);
		look->holders = memory_grow(look->holders, look->holder_count, &look->holder_room,
					    sizeof *look->holders);
		look->holders[look->holder_count++] =
			(struct wait_holder){ number, *end, end->object, kind };
	}
}

static void find_holders(struct stuck_look *look)
{
	look->holder_count = look->object_count = look->wait_count = 0;
	for (size_t i = 0; i < look->count; i++)
		add_holders(look, i);
	if (look->holder_count)
		qsort(look->holders, look->holder_count, sizeof *look->holders, compare_holders);
}

/* A holder that says more of the object comes before a queued request. */
static bool says_more(const struct wait_holder *holder)
{
	return holder->kind != END_ACQUIRE;
}

static void find_objects(struct stuck_look *look)
{
	static const enum wait_kind kinds[END_KINDS] = {
		[END_MUTEX_GUARD] = WAIT_LOCK,	       [END_READ_GUARD] = WAIT_LOCK,
		[END_WRITE_GUARD] = WAIT_LOCK,	       [END_PERMIT] = WAIT_PERMIT,
		[END_ACQUIRE] = WAIT_PERMIT,	       [END_JOIN] = WAIT_JOIN,
		[END_SENDER] = WAIT_MESSAGE,	       [END_RECEIVER] = WAIT_MESSAGE,
		[END_ONESHOT_SENDER] = WAIT_ONESHOT,   [END_ONESHOT_RECEIVER] = WAIT_ONESHOT,
		[END_BROADCAST_SENDER] = WAIT_MESSAGE, [END_WATCH_SENDER] = WAIT_MESSAGE,
	};

	for (size_t i = 0, next; i < look->holder_count; i = next) {
		const struct wait_holder *holder = &look->holders[i];
		struct wait_object *object;

		for (next = i; next < look->holder_count &&
			       look->holders[next].object == look->holders[i].object;
		     next++)
			if (!says_more(holder) && says_more(&look->holders[next]))
				holder = &look->holders[next];
		look->objects = memory_grow(look->objects, look->object_count, &look->object_room,
					    sizeof *look->objects);
		object = &look->objects[look->object_count++];
		*object = (struct wait_object){
			.address = holder->object,
			.kind = kinds[holder->kind],
			.layout = look->tasks[holder->task].layout,
			.end = *layout_end_of(&look->tasks[holder->task], &holder->end),
			.first = i,
			.count = next - i,
			.is_shared =
				holder->kind == END_READ_GUARD || holder->kind == END_WRITE_GUARD,
		};
	}
}

/* The root future that awaits an end of this kind at an address, or of this object. */
static size_t root_with(const struct stuck_look *look, const struct wait_object *object,
			enum layout_end_kind kind, uint64_t at)
{
	for (size_t i = 0; i < object->count; i++) {
		const struct wait_holder *holder = &look->holders[object->first + i];

		if (!look->tasks[holder->task].header && holder->kind == kind &&
		    (holder->end.is_awaited || kind == END_RECEIVER) && holder->end.is_certain &&
		    (!at || holder->end.at == at))
			return holder->task;
	}
	return SIZE_MAX;
}

/* Walks a semaphore's queue. Returns the permits that were assigned to waiters; UINT64_MAX if the
 * queue cannot be read. */
static uint64_t read_queue(const struct stuck_search *search, struct wait_object *object,
			   const struct wait_object *requests, enum wait_kind kind)
{
	const struct layout_tokio *tokio = &object->layout->header->tokio;
	uint64_t node, assigned = 0;
	size_t position = 0;

	if (!stuck_memory_word(search->memory, object->queue + tokio->queue, &node))
		return UINT64_MAX;
	for (; node && position < STUCK_MAX_QUEUE; position++) {
		uint64_t acquire = node - tokio->acquire_node, wants, lacks;
		struct task_wait wait = {
			.kind = kind,
			.object = object->address,
			.node = node,
			.place = (size_t)(object - search->look->objects),
			.position = position,
			.joined = SIZE_MAX,
		};
		bool is_there;

		wants = 0;
		if (tokio->acquire_size > sizeof wants ||
		    !stuck_memory_read(search->memory, acquire + tokio->acquire_count, &wants,
				       tokio->acquire_size) ||
		    !stuck_memory_word(search->memory, node + tokio->waiter_state, &lacks) ||
		    lacks > wants)
			return UINT64_MAX;
		assigned += wants - lacks;
		wait.waiter = stuck_waker_at(search, tokio, node + tokio->waiter_waker, &is_there);
		if (wait.waiter == SIZE_MAX && requests)
			wait.waiter = root_with(search->look, requests, END_ACQUIRE, acquire);
		if (wait.waiter == SIZE_MAX)
			object->strangers = position + 1;
		else
			stuck_add_wait(search->look, &wait);
		if (!stuck_memory_word(search->memory, node + tokio->waiter_next, &node))
			return UINT64_MAX;
	}
	return node ? UINT64_MAX : assigned;
}

static bool wait_read_number(const struct stuck_search *search, uint64_t at, uint32_t *number)
{
	return stuck_memory_read(search->memory, at, number, sizeof *number);
}

/* The permits of the guards that were found; UINT64_MAX if one of them may be gone. */
static uint64_t held_permits(const struct stuck_search *search, const struct wait_object *object)
{
	const struct stuck_look *look = search->look;
	uint64_t held = 0;

	for (size_t i = 0; i < object->count; i++) {
		const struct wait_holder *holder = &look->holders[object->first + i];
		const struct layout_end *end =
			layout_end_of(&look->tasks[holder->task], &holder->end);
		uint32_t permits = 1;

		if (holder->kind == END_ACQUIRE)
			continue;
		if (!holder->end.is_certain ||
		    (end->kind == END_WRITE_GUARD &&
		     (end->count == LAYOUT_NONE ||
		      !wait_read_number(search, holder->end.at + end->count, &permits))))
			return UINT64_MAX;
		held += permits;
	}
	return held;
}

static void read_lock(const struct stuck_search *search, struct wait_object *object)
{
	const struct layout_tokio *tokio = &object->layout->header->tokio;
	uint64_t permits, held = held_permits(search, object), assigned;
	uint32_t maximum = 1;

	object->queue = object->address;
	if (tokio->owner == LAYOUT_NONE ||
	    !stuck_memory_word(search->memory, object->queue + tokio->permits, &permits))
		return;
	assigned = read_queue(search, object, object, WAIT_LOCK);
	if (held == UINT64_MAX || assigned == UINT64_MAX || permits & 1 ||
	    (object->is_shared &&
	     (object->end.maximum == LAYOUT_NONE ||
	      !wait_read_number(search,
				object->address + (uint64_t)(int64_t)(int32_t)object->end.maximum,
				&maximum))))
		return;
	object->is_accounted = held && held + assigned + permits / 2 == maximum;
	stuck_remember_number(search->look, object, permits);
}

static int compare_objects(const void *a, const void *b)
{
	return compare_numbers(((const struct wait_object *)a)->address,
			       ((const struct wait_object *)b)->address);
}

static struct wait_object *wait_object_at(const struct stuck_look *look, uint64_t address)
{
	const struct wait_object key = { .address = address };

	return look->object_count ? bsearch(&key, look->objects, look->object_count, sizeof key,
					    compare_objects)
				  : NULL;
}

/* Before Tokio counted weak senders, each had a share of the channel, as each sender and the
 * receiver have. False if there are some, or it cannot be known. */
static bool has_no_weak(const struct stuck_search *search, const struct wait_object *object,
			uint64_t senders)
{
	uint64_t count, at = object->address - object->end.object;

	if (object->end.weak != LAYOUT_NONE)
		return stuck_memory_word(search->memory, object->address + object->end.weak,
					 &count) &&
		       !count;
	return object->end.object && stuck_memory_word(search->memory, at, &count) &&
	       count == senders + 1;
}

static void read_channel(const struct stuck_search *search, struct wait_object *object)
{
	const struct layout_tokio *tokio = &object->layout->header->tokio;
	struct stuck_look *look = search->look;
	uint64_t senders;
	bool is_certain = true, is_there;
	struct task_wait wait = {
		.kind = WAIT_MESSAGE,
		.object = object->address,
		.node = object->address + object->end.waker,
		.place = (size_t)(object - look->objects),
		.joined = SIZE_MAX,
	};

	if (stuck_is_news(&object->end)) {
		stuck_read_news(search, object);
		return;
	}
	if (tokio->owner == LAYOUT_NONE || object->end.waker == LAYOUT_NONE ||
	    object->end.state == LAYOUT_NONE ||
	    !stuck_memory_word(search->memory, object->address + object->end.state, &senders))
		return;
	object->is_accounted = stuck_count_kind(look, object, END_SENDER, &is_certain) == senders &&
			       is_certain && has_no_weak(search, object, senders);
	stuck_remember_number(look, object, senders);
	wait.waiter = stuck_waker_at(search, tokio, wait.node, &is_there);
	if (is_there && wait.waiter == SIZE_MAX)
		wait.waiter = root_with(look, object, END_RECEIVER, 0);
	if (wait.waiter != SIZE_MAX)
		stuck_add_wait(look, &wait);
	if (object->end.semaphore != LAYOUT_NONE) {
		struct wait_object *requests;

		object->queue = object->address + object->end.semaphore;
		requests = wait_object_at(look, object->queue);
		if (requests && requests != object)
			requests->queue = UINT64_MAX; /* it is read here */
		read_queue(search, object, requests, WAIT_ROOM);
	}
}

static void read_oneshot(const struct stuck_search *search, struct wait_object *object)
{
	struct stuck_look *look = search->look;
	bool is_certain = true, is_there;
	struct task_wait wait = {
		.kind = WAIT_ONESHOT,
		.object = object->address,
		.node = object->address + object->end.waker,
		.place = (size_t)(object - look->objects),
		.joined = SIZE_MAX,
	};
	uint64_t state;

	if (object->layout->header->tokio.owner == LAYOUT_NONE ||
	    object->end.waker == LAYOUT_NONE || object->end.state == LAYOUT_NONE ||
	    !stuck_memory_word(search->memory, object->address + object->end.state, &state) ||
	    !(state & ONESHOT_RX_TASK_SET) || state & (ONESHOT_VALUE_SENT | ONESHOT_CLOSED))
		return;
	object->is_accounted =
		stuck_count_kind(look, object, END_ONESHOT_SENDER, &is_certain) == 1 && is_certain;
	stuck_remember_number(look, object, state);
	wait.waiter = stuck_waker_at(search, &object->layout->header->tokio, wait.node, &is_there);
	if (is_there && wait.waiter == SIZE_MAX)
		wait.waiter = root_with(look, object, END_ONESHOT_RECEIVER, 0);
	if (wait.waiter != SIZE_MAX)
		stuck_add_wait(look, &wait);
}

/* A semaphore of which only requests or permits are known. */
static void read_semaphore(const struct stuck_search *search, struct wait_object *object)
{
	if (object->queue || object->layout->header->tokio.owner == LAYOUT_NONE)
		return;
	object->queue = object->address;
	read_queue(search, object, object, WAIT_PERMIT);
}

/* The handle of a task: who has it, and who awaits it. */
static void read_handle(const struct stuck_search *search, struct wait_object *object)
{
	struct stuck_look *look = search->look;
	size_t joined = stuck_task_at(search, object->address);
	struct stuck_task *task = joined == SIZE_MAX ? NULL : &look->tasks[joined];
	bool is_certain = true;

	if (!task || !task->has_handle || !stuck_count_kind(look, object, END_JOIN, &is_certain))
		return;
	for (size_t i = 0; i < object->count; i++) {
		const struct wait_holder *holder = &look->holders[object->first + i];

		if (!holder->end.is_certain)
			continue;
		/* In several futures: the remains of a handle that was moved. */
		if (task->joiner != SIZE_MAX && task->joiner != holder->task) {
			task->joiner = SIZE_MAX;
			return;
		}
		task->joiner = holder->task;
	}
}

static void read_joiner(const struct stuck_search *search, size_t joined)
{
	struct stuck_look *look = search->look;
	const struct stuck_task *task = &look->tasks[joined];
	const struct layout_tokio *tokio = &task->layout->header->tokio;
	const struct wait_object *handle = wait_object_at(look, task->header);
	struct task_wait wait = {
		.kind = WAIT_JOIN, .object = task->header, .place = SIZE_MAX, .joined = joined
	};
	bool is_there;

	if (!task->is_readable || !(task->state & STATE_JOIN_WAKER))
		return;
	wait.node = task->header + task->task->trailer + tokio->joiner;
	wait.waiter = stuck_waker_at(search, tokio, wait.node, &is_there);
	if (is_there && wait.waiter == SIZE_MAX && handle)
		wait.waiter = root_with(look, handle, END_JOIN, 0);
	if (wait.waiter != SIZE_MAX)
		stuck_add_wait(look, &wait);
}

void stuck_waits_find(struct stuck_look *look, const struct stuck_memory *memory)
{
	static void (*const readers[])(const struct stuck_search *, struct wait_object *) = {
		[WAIT_LOCK] = read_lock,   [WAIT_PERMIT] = NULL, /* after the channels */
		[WAIT_JOIN] = read_handle, [WAIT_MESSAGE] = read_channel,
		[WAIT_ROOM] = NULL,	   [WAIT_ONESHOT] = read_oneshot,
	};
	struct stuck_search search = { .look = look, .memory = memory };

	index_headers(&search);
	find_holders(look);
	find_objects(look);
	for (size_t i = 0; i < look->object_count; i++)
		if (readers[look->objects[i].kind])
			readers[look->objects[i].kind](&search, &look->objects[i]);
	for (size_t i = 0; i < look->object_count; i++)
		if (look->objects[i].kind == WAIT_PERMIT)
			read_semaphore(&search, &look->objects[i]);
	for (size_t i = 0; i < look->count; i++)
		if (look->tasks[i].header)
			read_joiner(&search, i);
	free(search.headers);
}

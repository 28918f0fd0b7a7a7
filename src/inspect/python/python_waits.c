#include "python_waits.h"

#include <stdlib.h>
#include <string.h>

#include "shared/text.h"

#define MOST_CALLBACKS 4096
#define MOST_CHILDREN  65536
#define MOST_CELLS     16
#define MOST_DEPTH     32

static size_t task_number(const struct python_waits *waits, uint64_t object)
{
	const struct python_task *task = python_tasks_at(waits->tasks, object);

	return task ? (size_t)(task - waits->tasks->items) : SIZE_MAX;
}

/* Whether a function is the one of asyncio. */
static bool is_asyncios(const struct python_reader *reader, uint64_t function, const char *qualname,
			const char *file)
{
	uint64_t code = python_word(reader, function + PYTHON_FUNCTION_CODE);
	const char *name =
		python_text(reader, python_word(reader, function + PYTHON_FUNCTION_QUALNAME));
	const char *path = python_text(reader, python_word(reader, code + PYTHON_CODE_FILE));

	return name && path && !strcmp(name, qualname) && text_ends(path, file);
}

static void take_callbacks(struct python_waits *waits, uint64_t future, unsigned depth);

static void add_outer(struct python_waits *waits, const struct python_outer *wanted, unsigned depth)
{
	struct python_outer *known;

	HASH_FIND(hh, waits->outers, &wanted->object, sizeof wanted->object, known);
	if (known)
		return;
	known = memory_get(sizeof *known);
	*known = *wanted;
	HASH_ADD(hh, waits->outers, object, sizeof known->object, known);
	take_callbacks(waits, known->object, depth + 1);
}

/* What the function closes over: the outer future and, for gather, the list of its children. */
static void take_closure(struct python_waits *waits, uint64_t function, uint64_t future,
			 bool gathers, unsigned depth)
{
	const struct python_reader *reader = waits->reader;
	uint64_t cells = python_word(reader, function + PYTHON_FUNCTION_CLOSURE);
	uint64_t count = cells ? python_word(reader, cells + PYTHON_SIZE) : 0;
	struct python_outer outer = { .inner = gathers ? 0 : future };

	for (uint64_t i = 0; i < count && i < MOST_CELLS; i++) {
		uint64_t cell = python_word(reader, cells + reader->layout->tuple_items + 8 * i);
		uint64_t object = cell ? python_word(reader, cell + PYTHON_CELL) : 0;

		if (python_is(reader, object, gathers ? "_GatheringFuture" : "_asyncio.Future"))
			outer.object = object;
		else if (gathers && python_is(reader, object, "list"))
			outer.children = object;
	}
	if (outer.object && (outer.children || outer.inner))
		add_outer(waits, &outer, depth);
}

static void take_group(struct python_waits *waits, size_t number, uint64_t group)
{
	if (!python_is(waits->reader, group, "TaskGroup"))
		return;
	waits->children = memory_grow(waits->children, waits->child_count, &waits->child_room,
				      sizeof *waits->children);
	waits->children[waits->child_count++] = (struct python_child){ group, number };
}

static void take_callback(struct python_waits *waits, uint64_t future, uint64_t callback,
			  unsigned depth)
{
	const struct python_reader *reader = waits->reader;
	size_t number = task_number(waits, future);

	if (number != SIZE_MAX && python_is(reader, callback, "method")) {
		take_group(waits, number, python_word(reader, callback + PYTHON_METHOD_SELF));
		return;
	}
	if (!python_is(reader, callback, "function"))
		return;
	if (is_asyncios(reader, callback, "gather.<locals>._done_callback", "/asyncio/tasks.py"))
		take_closure(waits, callback, future, true, depth);
	else if (is_asyncios(reader, callback, "shield.<locals>._inner_done_callback",
			     "/asyncio/tasks.py"))
		take_closure(waits, callback, future, false, depth);
	else if (number != SIZE_MAX &&
		 is_asyncios(reader, callback, "_chain_future.<locals>._call_set_state",
			     "/asyncio/futures.py"))
		waits->is_a_threads[number] = true;
}

/* The first callback is apart; then a list of pairs. */
static void take_callbacks(struct python_waits *waits, uint64_t future, unsigned depth)
{
	const struct python_reader *reader = waits->reader;
	uint64_t list = python_word(reader, future + PYTHON_FUTURE_CALLBACKS), items, count;

	if (depth > MOST_DEPTH)
		return;
	take_callback(waits, future, python_word(reader, future + PYTHON_FUTURE_CALLBACK), depth);
	if (!python_is(reader, list, "list"))
		return;
	count = python_word(reader, list + PYTHON_SIZE);
	items = python_word(reader, list + PYTHON_LIST_ITEMS);
	for (uint64_t i = 0; i < count && i < MOST_CALLBACKS; i++) {
		uint64_t pair = python_word(reader, items + 8 * i);

		if (pair)
			take_callback(waits, future,
				      python_word(reader, pair + reader->layout->tuple_items),
				      depth);
	}
}

static void add_target(struct python_waits *waits, uint64_t object, size_t number)
{
	waits->targets = memory_grow(waits->targets, waits->target_count, &waits->target_room,
				     sizeof *waits->targets);
	waits->targets[waits->target_count++] = (struct python_target){ object, number };
}

static void add_edge(struct python_waits *waits, size_t waiter, size_t ender)
{
	waits->edges = memory_grow(waits->edges, waits->edge_count, &waits->edge_room,
				   sizeof *waits->edges);
	waits->edges[waits->edge_count++] = (struct python_edge){ waiter, ender };
}

/* These return whether all that can end the wait is known. */
static bool wait_for_future(struct python_waits *waits, size_t waiter, uint64_t future,
			    unsigned depth);

/* Words that are `step` words apart; a place of a set may be empty, or have been used. */
static bool wait_for_words(struct python_waits *waits, size_t waiter, uint64_t words,
			   uint64_t count, unsigned step, unsigned depth)
{
	if (count > MOST_CHILDREN)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t object = python_word(waits->reader, words + 8 * step * i);

		if (object && !python_is(waits->reader, object, "object") &&
		    !wait_for_future(waits, waiter, object, depth))
			return false;
	}
	return true;
}

static bool wait_for_future(struct python_waits *waits, size_t waiter, uint64_t future,
			    unsigned depth)
{
	const struct python_reader *reader = waits->reader;
	size_t number = task_number(waits, future);
	struct python_outer *outer;

	if (number != SIZE_MAX) {
		add_edge(waits, waiter, number);
		return true;
	}
	HASH_FIND(hh, waits->outers, &future, sizeof future, outer);
	if (depth > MOST_DEPTH)
		return false;
	/* A child that has ended ends nothing more. */
	if (!outer)
		return depth &&
		       (python_is(reader, future, "_asyncio.Future") ||
			python_addresses_have(&waits->tasks->types,
					      python_type_of(reader, future))) &&
		       !python_future_is_pending(reader, future);
	add_target(waits, future, waiter);
	if (outer->inner)
		return wait_for_future(waits, waiter, outer->inner, depth + 1);
	return wait_for_words(waits, waiter,
			      python_word(reader, outer->children + PYTHON_LIST_ITEMS),
			      python_word(reader, outer->children + PYTHON_SIZE), 1, depth + 1);
}

static bool wait_for_group(struct python_waits *waits, size_t waiter, uint64_t group)
{
	size_t count = 0;

	for (size_t i = 0; i < waits->child_count; i++)
		if (waits->children[i].group == group) {
			add_edge(waits, waiter, waits->children[i].task);
			count++;
		}
	return count;
}

static uint64_t variable_of(const struct python_reader *reader, const struct python_frame *frame,
			    unsigned number)
{
	return python_word(reader, frame->frame + reader->layout->locals + 8 * number) &
	       ~UINT64_C(3);
}

/* asyncio.wait: a set of futures, and None for "no time limit". */
static bool wait_for_set(struct python_waits *waits, size_t waiter,
			 const struct python_frame *frame)
{
	const struct python_reader *reader = waits->reader;
	uint64_t set = variable_of(reader, frame, 0), limit = variable_of(reader, frame, 1);

	return python_is(reader, set, "set") && python_is(reader, limit, "NoneType") &&
	       wait_for_words(waits, waiter, python_word(reader, set + PYTHON_SET_TABLE),
			      python_word(reader, set + PYTHON_SET_MASK) + 1, 2, 1);
}

static bool is_frame_of(const struct python_frame *frame, const char *function, const char *file)
{
	return !strcmp(frame->function, function) && text_ends(frame->file, file);
}

static bool find_wait_of_task(struct python_waits *waits, size_t waiter)
{
	const struct python_task *task = &waits->tasks->items[waiter];
	const struct python_frame *last =
		task->frame_count ? &task->frames[task->frame_count - 1] : NULL;

	if (task->state != TASK_SUSPENDED || !task->future || waits->is_a_threads[waiter])
		return false;
	add_target(waits, task->address, waiter);
	if (last && (is_frame_of(last, "TaskGroup.__aexit__", "/asyncio/taskgroups.py") ||
		     is_frame_of(last, "TaskGroup._aexit", "/asyncio/taskgroups.py")))
		return wait_for_group(waits, waiter, variable_of(waits->reader, last, 0));
	if (last && is_frame_of(last, "_wait", "/asyncio/tasks.py"))
		return wait_for_set(waits, waiter, last);
	return wait_for_future(waits, waiter, task->future, 0);
}

void python_waits_find(struct python_waits *waits, struct python_reader *reader,
		       const struct python_tasks *tasks)
{
	memset(waits, 0, sizeof *waits);
	waits->reader = reader;
	waits->tasks = tasks;
	waits->is_closed = memory_get(tasks->count + 1);
	waits->is_a_threads = memory_get(tasks->count + 1);
	for (size_t i = 0; i < tasks->count; i++)
		take_callbacks(waits, tasks->items[i].address, 0);
	for (size_t i = 0; i < tasks->count; i++) {
		size_t before = waits->edge_count;

		waits->is_closed[i] = find_wait_of_task(waits, i) && waits->edge_count > before;
	}
}

void python_waits_deinit(struct python_waits *waits)
{
	struct python_outer *outer, *next;

	HASH_ITER (hh, waits->outers, outer, next) {
		HASH_DEL(waits->outers, outer);
		free(outer);
	}
	free(waits->is_closed);
	free(waits->is_a_threads);
	free(waits->edges);
	free(waits->targets);
	free(waits->children);
}

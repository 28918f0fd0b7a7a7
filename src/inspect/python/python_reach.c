#include "python_reach.h"

#include <stdlib.h>
#include <string.h>

#include "support/hash.h"

#define TIMER_DEPTH 8
/* A method of a transport, the transport, its protocol, a task that the protocol may cancel. */
#define HANDLE_DEPTH	 5
#define TASK_DEPTH	 4
#define MOST_OBJECTS	 50000
#define MOST_FRAME_WORDS 512

struct seen_object {
	uint64_t object;
	UT_hash_handle hh;
};

/* A search in breadth: `next` are the objects of the next depth. */
struct reach {
	struct python_reader *reader;
	const struct python_target *targets;
	size_t count;
	python_reached *reached;
	void *argument;
	struct seen_object *seen;
	struct python_addresses next;
};

static void reach_object(void *argument, uint64_t object)
{
	struct reach *reach = argument;
	struct seen_object *seen;

	HASH_FIND(hh, reach->seen, &object, sizeof object, seen);
	if (seen || HASH_COUNT(reach->seen) > MOST_OBJECTS)
		return;
	seen = memory_get(sizeof *seen);
	seen->object = object;
	HASH_ADD(hh, reach->seen, object, sizeof object, seen);
	for (size_t i = 0; i < reach->count; i++)
		if (reach->targets[i].object == object)
			reach->reached(reach->argument, reach->targets[i].number);
	python_addresses_add(&reach->next, object);
}

/* Objects that lead everywhere, and those that lead nowhere. A task of the set is a target; what
 * another one has is searched from its variables. */
static bool leads_nowhere(const char *type)
{
	static const char *const names[] = { "str",
					     "bytes",
					     "int",
					     "float",
					     "bool",
					     "NoneType",
					     "module",
					     "type",
					     "code",
					     "coroutine",
					     "generator",
					     "async_generator",
					     "frame",
					     "Context",
					     "_contextvars.Context",
					     "",
					     "property",
					     "_asyncio.Task",
					     "StreamReaderProtocol" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(type, names[i]))
			return true;
	return strstr(type, "Loop") != NULL;
}

/* Of a function only what it closes over: its globals lead everywhere. */
static void expand_object(struct reach *reach, uint64_t object)
{
	const char *type = python_type_name(reach->reader, object);

	if (!strcmp(type, "function"))
		reach_object(reach, python_word(reach->reader, object + PYTHON_FUNCTION_CLOSURE));
	else if (!leads_nowhere(type))
		python_references(reach->reader, object, reach_object, reach);
}

static void search_references(struct reach *reach, unsigned depth)
{
	for (unsigned i = 0; i < depth && reach->next.count; i++) {
		struct python_addresses now = reach->next;

		memset(&reach->next, 0, sizeof reach->next);
		for (size_t j = 0; j < now.count; j++)
			expand_object(reach, now.items[j]);
		python_addresses_deinit(&now);
	}
}

static void reach_finish(struct reach *reach)
{
	struct seen_object *seen, *next;

	if (HASH_COUNT(reach->seen) > MOST_OBJECTS)
		for (size_t i = 0; i < reach->count; i++)
			reach->reached(reach->argument, reach->targets[i].number);
	HASH_ITER (hh, reach->seen, seen, next) {
		HASH_DEL(reach->seen, seen);
		free(seen);
	}
	python_addresses_deinit(&reach->next);
}

/* Of handles that live: timers, and others, which are called for a descriptor or in the next turn.
 */
static void reach_from_handles(struct reach *reach, const char *const *names, unsigned depth)
{
	struct python_addresses types = { 0 }, handles = { 0 };

	for (; *names; names++)
		python_find_types(reach->reader, *names, &types);
	python_find_objects(reach->reader, &types, &handles);
	for (size_t i = 0; i < handles.count; i++)
		reach_object(reach, handles.items[i]);
	search_references(reach, depth);
	reach_finish(reach);
	python_addresses_deinit(&types);
	python_addresses_deinit(&handles);
}

void python_reach_timers(struct python_reader *reader, const struct python_target *targets,
			 size_t count, python_reached *reached, void *argument)
{
	static const char *const timers[] = { "TimerHandle", "uvloop.loop.TimerHandle", NULL };
	static const char *const handles[] = { "Handle",
					       "uvloop.loop.Handle",
					       "uvloop.loop.UnixTransport",
					       "uvloop.loop.TCPTransport",
					       "uvloop.loop.UDPTransport",
					       NULL };
	struct reach of_timers = { .reader = reader,
				   .targets = targets,
				   .count = count,
				   .reached = reached,
				   .argument = argument };
	struct reach of_handles = of_timers;

	reach_from_handles(&of_timers, timers, TIMER_DEPTH);
	reach_from_handles(&of_handles, handles, HANDLE_DEPTH);
}

static bool may_cancel(const struct python_reader *reader, const struct python_frame *frame)
{
	static const char *const parts[] = { "cancel",	 "abort", "stop", "close",
					     "shutdown", "kill",  "term", "reset" };

	/* asyncio.wait cancels its timer alone. */
	if (!strcmp(frame->function, "_wait") && strstr(frame->file, "/asyncio/tasks.py"))
		return false;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (python_code_uses(reader, frame->code, parts[i]))
			return true;
	return false;
}

static void reach_variables(struct reach *reach, const struct python_frame *frame)
{
	uint64_t at = frame->frame + reach->reader->layout->locals;

	for (size_t i = 0; i < MOST_FRAME_WORDS && at < frame->top; i++, at += 8) {
		uint64_t object = python_word(reach->reader, at) & ~UINT64_C(3);

		if (object)
			reach_object(reach, object);
	}
}

void python_reach_task(struct python_reader *reader, const struct python_task *task,
		       const struct python_target *targets, size_t count, python_reached *reached,
		       void *argument)
{
	struct reach reach = { .reader = reader,
			       .targets = targets,
			       .count = count,
			       .reached = reached,
			       .argument = argument };
	size_t first = 0;

	/* A coroutine may cancel what it has, and what those that it awaits return to it. */
	while (first < task->frame_count && !may_cancel(reader, &task->frames[first]))
		first++;
	for (size_t i = first; i < task->frame_count; i++)
		reach_variables(&reach, &task->frames[i]);
	search_references(&reach, TASK_DEPTH);
	reach_finish(&reach);
}

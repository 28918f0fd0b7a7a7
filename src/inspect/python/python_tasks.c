#include "python_tasks.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/session.h"
#include "support/memory.h"

#define STATE_RUNNING 0 /* of a coroutine's frame */
#define TAGS	      UINT64_C(1)

/* A chain of awaits while it is followed. */
struct chain {
	struct python_reader *reader;
	struct python_frame frames[PYTHON_MOST_FRAMES];
	size_t count;
	uint64_t sum;
	bool is_running;
};

static void add_to_sum(uint64_t *sum, uint64_t value)
{
	*sum = (*sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
}

/* What has a frame of its own: it begins like a generator. */
static bool is_generator(const struct python_reader *reader, uint64_t object)
{
	return python_is(reader, object, "coroutine") || python_is(reader, object, "generator") ||
	       python_is(reader, object, "async_generator");
}

/* Objects that stand between an await and what it awaits. */
static bool is_between(const char *type)
{
	static const char *const types[] = { "coroutine_wrapper", "async_generator_asend",
					     "async_generator_athrow", "anext_awaitable" };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

static uint64_t frame_stack_top(const struct python_reader *reader, uint64_t frame)
{
	const struct python_layout *layout = reader->layout;
	uint64_t top = python_word(reader, frame + layout->stack_top);

	if (layout->top_is_pointer)
		return top;
	return (int32_t)top > 0 ? frame + layout->locals + 8 * (top & INT32_MAX) : 0;
}

/* Adds the frame of a generator; returns what it awaits, 0 if nothing is known. */
static uint64_t take_generator(struct chain *chain, uint64_t object)
{
	struct python_reader *reader = chain->reader;
	const struct python_layout *layout = reader->layout;
	struct python_frame *frame = &chain->frames[chain->count];
	uint64_t instruction, awaited;
	int8_t state;

	if (!stuck_memory_read(&reader->memory, object + layout->frame_state, &state, 1) ||
	    state > STATE_RUNNING)
		return 0;
	frame->frame = object + layout->frame;
	frame->code = python_word(reader, frame->frame + layout->frame_code) & ~TAGS;
	instruction = python_word(reader, frame->frame + layout->instruction);
	frame->function = python_text(reader, python_word(reader, object + layout->qualname));
	frame->file = python_text(reader, python_word(reader, frame->code + PYTHON_CODE_FILE));
	frame->line = python_code_line(reader, frame->code, instruction);
	frame->top = frame_stack_top(reader, frame->frame);
	if (!frame->function || !frame->file)
		return 0;
	chain->count++;
	add_to_sum(&chain->sum, object);
	add_to_sum(&chain->sum, instruction);
	chain->is_running = state == STATE_RUNNING;
	if (state == STATE_RUNNING || state == layout->created || !frame->top)
		return 0;
	awaited = python_word(reader, frame->top - 8) & ~TAGS;
	add_to_sum(&chain->sum, awaited);
	return awaited;
}

/* Returns the last object of the chain, which awaits no further one that is known. */
static uint64_t follow_awaits(struct chain *chain, uint64_t object)
{
	for (size_t i = 0; i < 2 * PYTHON_MOST_FRAMES && object; i++) {
		if (is_generator(chain->reader, object)) {
			if (chain->count == PYTHON_MOST_FRAMES)
				return 0;
			object = take_generator(chain, object);
		} else if (is_between(python_type_name(chain->reader, object))) {
			object = python_word(chain->reader, object + PYTHON_AWAITED);
		} else {
			break;
		}
	}
	return object;
}

bool python_future_is_pending(const struct python_reader *reader, uint64_t future)
{
	uint32_t state;

	return stuck_memory_read(&reader->memory, future + reader->layout->future_state, &state,
				 sizeof state) &&
	       !state;
}

static bool is_python_task(const struct python_reader *reader, const struct python_addresses *types,
			   uint64_t object)
{
	return python_addresses_have(types, python_type_of(reader, object));
}

static const char *coroutine_name(const struct python_reader *reader, uint64_t task)
{
	uint64_t coroutine = python_word(reader, task + reader->layout->task_coroutine);
	const char *name =
		is_generator(reader, coroutine)
			? python_text(reader,
				      python_word(reader, coroutine + reader->layout->qualname))
			: NULL;

	return name ? name : coroutine ? python_type_name(reader, coroutine) : "?";
}

/* What its innermost coroutine awaits, by its type. */
static void name_leaf(struct python_reader *reader, const struct python_addresses *types,
		      struct python_task *task, uint64_t last)
{
	if (task->future && is_python_task(reader, types, task->future)) {
		task->awaited = coroutine_name(reader, task->future);
		task->leaf = "Task";
	} else if (task->future) {
		task->leaf = python_type_name(reader, task->future);
	} else if (last) {
		task->leaf = python_type_name(reader, last);
	}
}

bool python_task_read(struct python_reader *reader, const struct python_addresses *types,
		      uint64_t address, struct session *session, struct python_task *task)
{
	const struct python_layout *layout = reader->layout;
	struct chain chain = { .reader = reader };
	uint64_t last;

	memset(task, 0, sizeof *task);
	if (!is_python_task(reader, types, address) || !python_future_is_pending(reader, address))
		return false;
	task->address = address;
	task->coroutine = python_word(reader, address + layout->task_coroutine);
	task->future = python_word(reader, address + layout->task_coroutine - 8);
	if (task->future && python_is(reader, task->future, "NoneType"))
		task->future = 0;
	task->name = coroutine_name(reader, address);
	last = follow_awaits(&chain, task->coroutine);
	task->state = chain.is_running ? TASK_RUNNING
		      : !task->future || !python_future_is_pending(reader, task->future)
			      ? TASK_WOKEN
			      : TASK_SUSPENDED;
	add_to_sum(&chain.sum, task->coroutine);
	add_to_sum(&chain.sum, task->future);
	task->sum = chain.sum;
	task->frames = obstack_alloc(&session->memory, (chain.count + 1) * sizeof *task->frames);
	memcpy(task->frames, chain.frames, chain.count * sizeof *task->frames);
	task->frame_count = chain.count;
	if (task->state != TASK_RUNNING)
		name_leaf(reader, types, task, last);
	return true;
}

static int compare_python_tasks(const void *a, const void *b)
{
	const struct python_task *one = a, *other = b;

	return (one->address > other->address) - (one->address < other->address);
}

const struct python_task *python_tasks_at(const struct python_tasks *tasks, uint64_t address)
{
	const struct python_task key = { .address = address };

	return tasks->count
		       ? bsearch(&key, tasks->items, tasks->count, sizeof key, compare_python_tasks)
		       : NULL;
}

void python_tasks_find(struct python_tasks *tasks, struct python_reader *reader,
		       struct session *session)
{
	struct python_addresses objects = { 0 };

	python_find_types(reader, "_asyncio.Task", &tasks->types);
	if (tasks->types.count)
		python_find_derived(reader, &tasks->types);
	python_reader_renew(reader);
	python_find_objects(reader, &tasks->types, &objects);
	tasks->items = obstack_alloc(&session->memory, (objects.count + 1) * sizeof *tasks->items);
	for (size_t i = 0; i < objects.count; i++)
		if (python_task_read(reader, &tasks->types, objects.items[i], session,
				     &tasks->items[tasks->count]))
			tasks->count++;
	python_addresses_deinit(&objects);
	qsort(tasks->items, tasks->count, sizeof *tasks->items, compare_python_tasks);
}

void python_tasks_deinit(struct python_tasks *tasks)
{
	python_addresses_deinit(&tasks->types);
}

/*
 * Stacks of Python frames. They are read anew each time because they lie in the interpreter's heap.
 */
#include <string.h>

#include "known_stack.h"
#include "runtime/interpreters/python.h"
#include "runtime/trace/scripts.h"

#define MAX_PLACES   100
#define TAKEN_PLACES 6 /* from the place where a lock was taken to its coroutine */

_Static_assert(sizeof(struct python_place) == 2 * sizeof(uint64_t), "places are words of a stack");

static const struct python_place *places_of(const struct known_stack *stack)
{
	return (const struct python_place *)(stack->data + stack->depth);
}

static const struct known_stack *python_stack_keep(const struct python_place *places, size_t count,
						   bool below_loop)
{
	union {
		struct known_stack stack;
		uint64_t room[sizeof(struct known_stack) / 8 + 2 * MAX_PLACES];
	} made;
	const struct known_stack *kept;

	memset(&made.stack, 0, sizeof made.stack);
	made.stack.incomplete = true;
	made.stack.below_loop = below_loop;
	made.stack.places = (uint8_t)count;
	memcpy(made.stack.data, places, count * sizeof *places);
	kept = known_stack_keep(&made.stack, false);
	if (kept || count <= TAKEN_PLACES)
		return kept ? kept : known_stack_keep(&made.stack, true);
	made.stack.places = TAKEN_PLACES;
	return known_stack_keep(&made.stack, true);
}

const struct known_stack *known_stack_of_python(uintptr_t caller)
{
	struct python_place places[MAX_PLACES];
	size_t count = python_places(places, MAX_PLACES);
	const struct known_stack *stack = count ? python_stack_keep(places, count, false) : NULL;

	return stack ? stack : known_stack_of_caller(caller);
}

const struct known_stack *known_stack_called_from(struct stack_memory *memory, uintptr_t caller,
						  struct python_caller *from)
{
	struct python_place places[TAKEN_PLACES];
	size_t count = python_called_from(places, TAKEN_PLACES, from);
	const struct known_stack **remembered, *stack;
	uint64_t mixed;

	if (!count)
		return known_stack_of_caller(caller);
	mixed = places[0].code >> 5 ^ (uint64_t)places[0].at >> 1;
	remembered = &memory->called_from[mixed % CALLED_FROM_SIZE];
	stack = *remembered;
	if (stack && stack->places == count && stack->below_loop == from->below_loop &&
	    !memcmp(stack->data, places, count * sizeof *places))
		return stack;
	stack = python_stack_keep(places, count, from->below_loop);
	if (!stack)
		return known_stack_of_caller(caller);
	*remembered = stack;
	return stack;
}

const struct known_stack *known_stack_of_coroutine(const struct known_stack *taken, uintptr_t frame)
{
	struct python_place place;

	if (!python_coroutine_place(frame, places_of(taken), taken->places, &place))
		return NULL;
	return python_stack_keep(&place, 1, true);
}

uint32_t known_stack_script(const struct known_stack *stack)
{
	char text[TRACE_SCRIPT_SIZE];
	size_t size = python_places_text(places_of(stack), stack->places, text, sizeof text);

	return script_write(text, size, SCRIPT_PYTHON);
}

#include "root_look.h"

#include "runtime/tasks/task_module.h"
#include "runtime/base/runtime.h"
#include "runtime/unwind/unwinder.h"
#include "guard_look.h"
#include "guard_rest.h"
#include "runtime/tasks/layout_map.h"

#define FRAMES	  64
#define LOOK_ANEW 64 /* waits at one place without a root until its stack is walked again */

/* Where the calling thread waited last: many waits at one place need only one walk. */
static THREAD_LOCAL struct {
	uintptr_t frame; /* of the wrapper */
	unsigned waits;	 /* since its stack was walked */
	/*
	 * The root future there, and the stack word that identifies it: the return address of what
	 * block_on called. NULL: none.
	 */
	const struct layout_root *root;
	const struct task_module *module;
	uintptr_t place, return_address;
	uintptr_t frame_pointer; /* of block_on */
	bool parks;		 /* it called the function that parks, according to the symbols */
	bool polled;		 /* the root was polled before this wait */
	uint32_t generation; /* of the unwinder's rules: changes when modules are loaded or unloaded
			      */
	struct guard_rest rest;
} waited;

bool root_look_wanted;

void root_look_module_added(const struct task_module *module)
{
	const struct layout *layout = &module->futures.table;

	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_ROOTS); i++)
		root_look_wanted |= (layout->roots[i].task.flags & TASK_HOLDS) != 0;
}

/* Finds the innermost root of the stack, unless a task is polled within it. */
static void root_look_walk(void)
{
	uint64_t frames[FRAMES];
	uintptr_t places[FRAMES];
	enum task_function function, inner = FUNCTION_NONE;
	struct unwind_start start;
	size_t depth;

	UNWIND_HERE(&start);
	depth = unwinder_walk(&start, frames, places, FRAMES);
	waited.root = NULL;
	waited.waits = 0;
	waited.generation = unwinder_generation;
	waited.parks = false;
	for (size_t i = 0; i < depth && !waited.root; i++, inner = function) {
		/* A return address may be past the end of a function that never returns. */
		const struct task_module *module = task_module_of(frames[i] - 1);

		function = FUNCTION_NONE;
		if (!module)
			continue;
		function = task_symbols_at(&module->symbols, frames[i] - 1);
		if (function == FUNCTION_POLL || function == FUNCTION_RUN)
			return;
		waited.root = layout_root_at(&module->futures.table,
					     frames[i] - 1 - module->module->base);
		if (function >= FUNCTION_ROOT && !module->futures.table.header)
			return; /* no layout describes it, and it is the one that waits */
		waited.parks |=
			function == FUNCTION_PARKS || (waited.root && inner == FUNCTION_CONDITION);
		waited.module = module;
		waited.place = places[i];
		waited.return_address = frames[i];
		waited.frame_pointer = i + 1 < depth ? places[i + 1] - sizeof(uintptr_t) : 0;
	}
}

static bool wait_is_known(uintptr_t frame)
{
	if (frame != waited.frame || waited.generation != unwinder_generation ||
	    waited.waits++ >= LOOK_ANEW)
		return false;
	return !waited.root || *(const uintptr_t *)waited.place == waited.return_address;
}

/* The future stored in the frame, or pointed to by it; 0: cannot be read. */
static uintptr_t future_of(const struct layout_root *root)
{
	uintptr_t at = root->base == ROOT_FROM_FRAME_POINTER ? waited.frame_pointer
							     : waited.place + sizeof(uintptr_t);

	at += (uintptr_t)(intptr_t)root->offset;
	for (unsigned i = 0; i < root->pointers; i++) {
		if (!thread_on_own_stack(at))
			return 0;
		at = *(const uintptr_t *)at;
	}
	return thread_on_own_stack(at) ? at : 0;
}

bool root_look_begin(uintptr_t frame, enum root_wait wait)
{
	OWN_CODE_SCOPE;
	const struct layout_root *root;
	uintptr_t future;

	if (!wait_is_known(frame)) {
		waited.frame = frame;
		root_look_walk();
	}
	root = waited.root;
	if (!root || !(root->task.flags & TASK_HOLDS) || (wait == ROOT_WAIT_LOCK && !waited.parks))
		return false;
	future = future_of(root);
	if (!future)
		return false;
	if (waited.rest.header != future)
		waited.rest = (struct guard_rest){ .header = future };
	if (!guard_look_root_holds(waited.module, &root->task, future)) {
		waited.rest.site = 0;
		return false;
	}
	waited.rest.since = turn_clock_now();
	waited.polled = wait == ROOT_WAIT_LOCK;
	return true;
}

void root_look_end(void)
{
	OWN_CODE_SCOPE;

	guard_look_root(waited.module, &waited.root->task, &waited.rest, waited.polled);
}

void root_look_forget(void)
{
	waited.rest.site = 0;
}

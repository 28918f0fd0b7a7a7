#include "loop_start.h"

#include <stddef.h>

#include "../compiler.h"
#include "../modules.h"
#include "../runtime.h"
#include "../thread.h"
#include "../unwinder.h"
#include "event_loop.h"

#define COPIES	   4 /* of libuv in one process: Node's own, uvloop's, an addon's */
#define LOOK_AHEAD 6 /* frames between a call of libuv's own and who called uv_run */

static struct copy {
	uintptr_t run, run_end; /* its uv_run; 0: free */
	uintptr_t clock_return; /* where it reads the clock; 0: not known yet */
} copies[COPIES];

bool loop_start_expected;

void loop_start_epoll_made(uintptr_t caller)
{
	const struct module *module = runtime_started ? modules_find(caller) : NULL;
	struct symbol_extent run = { 0, 0 };

	if (module)
		run = module_symbol_extent(module, "uv_run");
	if (!run.address)
		return;
	for (unsigned i = 0; i < COPIES; i++) {
		uintptr_t expected = 0;

		if (__atomic_compare_exchange_n(&copies[i].run, &expected, run.address, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			__atomic_store_n(&copies[i].run_end, run.address + run.size,
					 __ATOMIC_RELAXED);
			__atomic_store_n(&loop_start_expected, true, __ATOMIC_RELAXED);
			return;
		}
		if (expected == run.address)
			return;
	}
}

/* One that may read its clock there. */
static struct copy *copy_that_reads(uintptr_t caller)
{
	for (unsigned i = 0; i < COPIES && copies[i].run; i++)
		if (copies[i].clock_return ? copies[i].clock_return == caller
					   : modules_find(caller) == modules_find(copies[i].run))
			return &copies[i];
	return NULL;
}

static struct copy *copy_at(uint64_t frame)
{
	for (unsigned i = 0; i < COPIES && copies[i].run; i++)
		if (frame > copies[i].run && frame <= copies[i].run_end)
			return &copies[i];
	return NULL;
}

/* Of the innermost uv_run on the stack: where its return address lies; 0: none is near. */
static uintptr_t run_place(struct copy **copy)
{
	uint64_t frames[LOOK_AHEAD];
	uintptr_t places[LOOK_AHEAD];
	struct unwind_start here;
	size_t depth;

	UNWIND_HERE(&here);
	depth = unwinder_walk(&here, frames, places, LOOK_AHEAD);
	for (size_t i = 0; i + 1 < depth; i++) {
		*copy = copy_at(frames[i]);
		if (*copy)
			return places[i + 1];
	}
	return 0;
}

COLD void loop_start_clock_read(uintptr_t caller, uintptr_t frame)
{
	struct thread_state *self = &this_thread;
	struct copy *copy = copy_that_reads(caller);
	uintptr_t place;

	if (LIKELY(!copy) || !runtime_started || self->own_code || self->in_call || self->vforked ||
	    self->dead || self->exempt)
		return;
	OWN_CODE_SCOPE;
	/* That of a loop which has ended is still thought to be under way. */
	if (self->turn && copy->clock_return)
		event_loop_learn(frame);
	if (self->turn)
		return;
	place = run_place(&copy);
	if (!place)
		return;
	copy->clock_return = caller;
	event_loop_starts(caller, frame, place);
}

bool loop_start_waits(uintptr_t place)
{
	struct copy *copy;

	return run_place(&copy) == place;
}

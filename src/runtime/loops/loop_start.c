#include "loop_start.h"

#include <stddef.h>

#include "runtime/base/compiler.h"
#include "runtime/futures/main_script.h"
#include "runtime/futures/root_turn.h"
#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/unwind/unwinder.h"
#include "event_loop.h"

#define COPIES	     4	  /* copies of libuv in one process: Node's own, uvloop's, an addon's */
#define START_FRAMES 6	  /* frames between a call of libuv's own and the caller of uv_run */
#define NEAR	     24	  /* words of stack between uv_run's frame and its call of clock_gettime */
#define PAGE	     4096 /* the stack may end at a page's end */

static struct copy {
	uintptr_t run, run_end; /* its uv_run; 0: free */
	uintptr_t text, text_end;
} copies[COPIES];

bool loop_start_expected;

void loop_start_epoll_made(uintptr_t caller)
{
	static unsigned next_victim;
	const struct module *module = runtime_started ? modules_find(caller) : NULL;
	struct symbol_extent run = { 0, 0 };
	struct copy *copy = NULL;

	if (module)
		run = module_symbol_extent(module, "uv_run");
	if (!run.address)
		return;
	for (unsigned i = 0; i < COPIES; i++) {
		if (copies[i].run == run.address)
			return;
		if (!modules_find(copies[i].run))
			copy = &copies[i];
	}
	/* A concurrent reader does no harm: its result is checked again. */
	if (!copy)
		copy = &copies[next_victim++ % COPIES];
	*copy = (struct copy){ run.address, run.address + run.size, module->text_start,
			       module->text_end };
	__atomic_store_n(&loop_start_expected, true, __ATOMIC_RELEASE);
}

static bool is_in_copy(uintptr_t pc)
{
	for (unsigned i = 0; i < COPIES; i++)
		if (pc >= copies[i].text && pc < copies[i].text_end)
			return true;
	return false;
}

static bool is_in_run(uintptr_t pc)
{
	for (unsigned i = 0; i < COPIES; i++)
		if (pc > copies[i].run && pc <= copies[i].run_end)
			return true;
	return false;
}

/* Whether uv_run may be the caller, one or two functions away. */
static bool may_be_near(uintptr_t frame)
{
	const uintptr_t *words = (const uintptr_t *)frame;
	size_t count = (PAGE - frame % PAGE) / sizeof *words;

	for (size_t i = 0; i < count && i < NEAR; i++)
		if (is_in_run(words[i]))
			return true;
	return count < NEAR;
}

/* Where the return address of the innermost uv_run on the stack lies; 0: none is near. */
static uintptr_t run_place(void)
{
	uint64_t frames[START_FRAMES];
	uintptr_t places[START_FRAMES];
	struct unwind_start here;
	size_t depth;

	UNWIND_HERE(&here);
	depth = unwinder_walk(&here, frames, places, START_FRAMES);
	for (size_t i = 0; i + 1 < depth; i++)
		if (is_in_run(frames[i]))
			return places[i + 1];
	return 0;
}

static COLD void loop_first_start(uintptr_t caller, uintptr_t frame)
{
	OWN_CODE_SCOPE;
	uintptr_t place;

	/* The previous loop has ended, but its turn seems to be running still. */
	if (this_thread.turn) {
		event_loop_learn(frame);
		event_loop_starts_again(caller, frame);
	}
	place = this_thread.turn ? 0 : run_place();
	if (place)
		event_loop_starts(caller, frame, place);
}

void loop_start_clock_read(uintptr_t caller, uintptr_t frame)
{
	const struct thread_state *self = &this_thread;

	if (!is_in_copy(caller) || !runtime_started || self->own_code || self->in_call ||
	    self->vforked || self->dead || self->exempt)
		return;
	if (main_script_runs() && may_be_near(frame) && run_place()) {
		if (main_script_goes_on())
			return;
		root_turn_is_over();
	}
	if ((!self->turn || self->turn == event_loop_turn()) && may_be_near(frame))
		loop_first_start(caller, frame);
}

bool loop_start_waits(uintptr_t place)
{
	return run_place() == place;
}

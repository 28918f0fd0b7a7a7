#include "loop_table.h"

#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/thread.h"
#include "runtime/base/runtime.h"
#include "runtime/modules/modules.h"
#include "runtime/trace/trace_records.h"
#include "runtime/turns/executor.h"
#include "runtime/unwind/unwinder.h"
#include "event_loop.h"
#include "loop_library.h"
#include "loop_pool.h"

#define LOOPS 4

static THREAD_LOCAL struct loop loops[LOOPS];

struct loop *loop_table_find(const struct loop_wait *wait)
{
	for (unsigned i = 0; i < LOOPS; i++)
		if (loops[i].caller == wait->caller && loops[i].frame == wait->frame &&
		    loops[i].epoll_fd == wait->epoll_fd)
			return &loops[i];
	return NULL;
}

static bool is_in_use(const struct loop *loop, const struct loop *running)
{
	return running && (loop == running || loop == running->outer);
}

/* Frees the entry that was least often a loop. */
static struct loop *take_entry(const struct loop *running)
{
	struct loop *loop = &loops[this_thread.loop_victim % LOOPS];

	while (is_in_use(loop, running))
		loop = &loops[++this_thread.loop_victim % LOOPS];
	for (unsigned i = 0; i < LOOPS; i++)
		if (!is_in_use(&loops[i], running) && loops[i].waits < loop->waits)
			loop = &loops[i];
	this_thread.loop_victim++;
	return loop;
}

/* Finds the executor of this wait. Leaves loop->executor NULL if the wait is not a loop's. */
COLD static void loop_classify(struct loop *loop, const struct loop_wait *wait)
{
	uint64_t frames[LOOP_PLACES];
	struct unwind_start here;
	struct loop_library library;
	const struct module *module = modules_find(wait->caller);
	unsigned depth;

	UNWIND_HERE(&here);
	depth = (unsigned)unwinder_walk(&here, frames, loop->places, LOOP_PLACES);
	memcpy(loop->values, frames, depth * sizeof *frames);
	loop->place_count = depth;
	/* A place on another stack, such as a coroutine's, could not be read later. */
	for (unsigned i = 0; i < loop->place_count; i++)
		if (!thread_on_own_stack(loop->places[i]))
			loop->place_count = i;
	if (loop_library_find(frames, depth, &library)) {
		loop->known = true;
		loop->reach = library.reach;
		loop->function = library.function;
		loop->function_end = library.function_end;
		loop->executor = executor_known(library.executor);
		if (loop->executor)
			executor_reach(loop->executor, library.reach);
	} else if (module && !loop_library_refuses(frames, depth)) {
		char name[sizeof loop->executor->name];

		loop_library_name(module, name, sizeof name);
		loop->executor =
			executor_get(FAMILY_EVENT_LOOP, name, wait->caller, CONFIDENCE_MEDIUM);
		if (loop->executor && wait->epoll_fd >= 0)
			loop->pool = loop_pool_get(wait->epoll_fd);
	}
}

/* Logged once for each loop. */
static void log_refusal(struct loop *loop, const char *why)
{
	if (log_is_wanted() && !loop->logged)
		log_line("a wait of %s is no loop's turn: %s",
			 loop->executor ? loop->executor->name : program_name(), why);
	loop->logged = true;
}

static void loop_log_description(struct loop *loop, const struct loop_wait *wait)
{
	memset(loop, 0, sizeof *loop);
	loop->caller = wait->caller;
	loop->frame = wait->frame;
	loop->epoll_fd = wait->epoll_fd;
	loop_classify(loop, wait);
}

struct loop *loop_table_take(const struct loop_wait *wait, const struct loop *running)
{
	struct loop *loop = take_entry(running);

	loop_log_description(loop, wait);
	if (!loop->executor)
		log_refusal(loop, "its caller is no known loop, and not the program's own code");
	return loop;
}

bool loop_table_begins_none(const struct loop_wait *wait, const struct loop *running)
{
	struct loop *other;

	if (!loop_polls_few(wait))
		return false;
	if (!wait->may_wait)
		return true;
	other = loop_table_find(wait);
	if (!other)
		other = loop_table_take(wait, running);
	return !other->known;
}

struct loop *loop_describe(struct loop *loop, const struct loop_wait *wait)
{
	loop_log_description(loop, wait);
	return loop;
}

void loop_count_wait(struct loop *loop, const struct loop_wait *wait)
{
	if (loop->known || !loop->executor)
		return;
	if (loop_polls_few(wait) && !loop_is_polled(loop, wait)) {
		log_refusal(loop, "it polls too few descriptors for an event loop");
		return;
	}
	if (!wait->may_wait || ++loop->waits > runtime_options.loop_waits)
		return;
	LOG("loop of %s is on probation: wait %u of %u", loop->executor->name,
	    (uint64_t)loop->waits, runtime_options.loop_waits);
	if (loop->waits == runtime_options.loop_waits)
		executor_confirm(loop->executor);
}

bool loop_is_to_look_at(struct loop *loop)
{
	loop->refused++;
	return (loop->refused & (loop->refused - 1)) == 0;
}

bool loop_was_specialised(struct loop *loop, const struct loop_wait *wait)
{
	const struct executor *executor = loop->executor;

	if (!loop_library_waits_alone(wait->caller))
		return false;
	loop_classify(loop, wait);
	return loop->executor == executor;
}

void loop_table_forget(void)
{
	memset(loops, 0, sizeof loops);
}

#include "call_excuse.h"

#include <string.h>

#include "runtime/base/log.h"
#include "runtime/interpreters/interpreters.h"
#include "runtime/loops/event_loop.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"
#include "status_pipe.h"

bool call_waits_for_own_peer(const struct call_watch *watch)
{
	return call_infos[watch->call].category == CATEGORY_poll &&
	       event_loop_session(this_thread.turn) != SESSION_MANY;
}

/* Waits for another thread to leave a lock or to end. */
static bool waits_for_thread(const struct call_watch *watch)
{
	enum call_category category = call_infos[watch->call].category;

	return category == CATEGORY_lock || category == CATEGORY_thread;
}

static bool waits_on_condition(const struct call_watch *watch)
{
	return watch->call != CALL_futex && watch->call != CALL_pthread_mutex_lock;
}

void call_take_script(struct call_watch *watch)
{
	struct trace_call_in_progress *call = &this_thread.slot->call;

	if (!call->script_size)
		call->script_size = (uint32_t)interpreter_script(
			call->frames, call->depth, waits_for_thread(watch), call->script,
			sizeof call->script, &watch->language);
}

uintptr_t call_mutex(const struct call_watch *watch)
{
	return (uintptr_t)(watch->subject.mutex ? watch->subject.mutex : watch->subject.lock);
}

bool call_goes_idle(const struct call_watch *watch)
{
	const struct trace_call_in_progress *call = &this_thread.slot->call;
	enum loop_pool_wait what = POOL_WAITS_OTHER;

	if (call_infos[watch->call].category != CATEGORY_lock)
		return false;
	if (watch->subject.mutex)
		what = POOL_WAITS_CONDITION;
	else if (watch->call == CALL_futex)
		what = POOL_WAITS_FUTEX;
	else if (call_mutex(watch)) /* or a semaphore */
		what = POOL_WAITS_LOCK;
	return event_loop_idles(what, call_mutex(watch), call->frames, call->depth);
}

enum excuse call_own_wait(struct call_watch *watch, const struct outcome *outcome)
{
	struct trace_call_in_progress *call = &this_thread.slot->call;
	struct trace_executor *executor = trace_at(call->executor);
	enum excuse excuse = EXCUSE_NONE;

	if (status_pipe_is(watch->subject.fd))
		return EXCUSE_CHILD_STATUS;
	if (call_goes_idle(watch))
		return EXCUSE_POOL;
	if (call_waits_for_own_peer(watch))
		return EXCUSE_SESSION;
	/* libuv uses a pipe as a lock; the byte is there. */
	if (watch->kind == SUBJECT_PIPE && !outcome->facts.slept)
		return call->depth && event_loop_library_has(call->frames[0]) ? EXCUSE_LIBRARY_PIPE
									      : EXCUSE_NONE;
	if (!waits_for_thread(watch))
		return EXCUSE_NONE;
	call_take_script(watch);
	if (interpreter_owns_wait(watch->subject.lock, call->frames, call->depth, call->script,
				  call->script_size))
		excuse = EXCUSE_INTERPRETER;
	else if (event_loop_library_calls(call->frames, call->depth))
		excuse = EXCUSE_LIBRARY;
	else if (call->depth &&
		 interpreter_waits_inside(call->frames[0], waits_on_condition(watch)))
		excuse = EXCUSE_INTERPRETER;
	if (excuse == EXCUSE_NONE)
		return EXCUSE_NONE;
	__atomic_fetch_add(&executor->own_waits, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&executor->own_waits_ns, outcome->facts.slept_ns, __ATOMIC_RELAXED);
	return excuse;
}

enum excuse call_offload(struct call_watch *watch)
{
	struct turn *turn = watch->turn;
	enum may_block answer = turn && turn->may_block ? turn->may_block(turn) : MAY_NOT_BLOCK;

	if (answer == MAY_BLOCK_UNSURE)
		watch->flags |= SITE_OFFLOAD_UNSURE;
	if (answer == MAY_BLOCK)
		return EXCUSE_OFFLOAD;
	if (answer == MAY_WAIT &&
	    (waits_for_thread(watch) || call_infos[watch->call].category == CATEGORY_poll))
		return EXCUSE_EXECUTOR_WAIT;
	return EXCUSE_NONE;
}

void call_log_excuse(const struct call_watch *watch, enum excuse excuse)
{
	static const char *const sentences[] = {
#define EXCUSE(name, sentence) sentence,
#include "judgement/excuses.def"
#undef EXCUSE
	};

	if (excuse != EXCUSE_NONE)
		LOG("%s is excused: %s", call_infos[watch->call].name, sentences[excuse]);
}

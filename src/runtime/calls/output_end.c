#include "output_end.h"

#include <string.h>

#include "runtime/base/thread.h"
#include "call.h"
#include "child_pipes.h"
#include "judgement/limits.h"
#include "status_pipe.h"

bool output_end_was_awaited(const struct call_watch *watch)
{
	const struct thread_state *self = &this_thread;

	if (!self->output_end_child ||
	    watch->start_ns - self->output_end_ns >= LIMIT_CHILD_END_FOLLOWS)
		return false;
	if (call_infos[watch->call].class == CLASS_CHILD)
		return !self->awaited_child || self->awaited_child == self->output_end_child;
	return child_of_pipe(watch->subject.fd) == self->output_end_child;
}

/* The pipe whose end of file the call has read or detected; -1: none. */
static int pipe_ended(const struct call_watch *watch)
{
	return watch->fd_hung_up >= 0 ? watch->fd_hung_up : watch->subject.fd;
}

static bool ends_output(const struct call_watch *watch)
{
	if (watch->fd_hung_up >= 0)
		return true;
	if (watch->kind != SUBJECT_PIPE)
		return false;
	if (call_infos[watch->call].class == CLASS_STREAM_IN)
		return watch->subject.stream && feof_unlocked(watch->subject.stream);
	return call_infos[watch->call].class == CLASS_TRANSFER && watch->ended;
}

void output_end_note(const struct call_watch *watch, bool error, uint64_t end_ns)
{
	struct thread_state *self = &this_thread;
	const struct call_info *info = &call_infos[watch->call];

	if (status_pipe_is(watch->subject.fd))
		return;
	if (error && (watch->kind == SUBJECT_PIPE || info->category == CATEGORY_poll))
		self->output_ns = end_ns;
	if (ends_output(watch) && end_ns - self->output_ns < LIMIT_CHILD_END_FOLLOWS) {
		self->output_end_ns = end_ns;
		self->output_end_child = child_of_pipe(pipe_ended(watch));
	} else if (error || info->class == CLASS_CHILD)
		self->output_end_ns = 0;
}

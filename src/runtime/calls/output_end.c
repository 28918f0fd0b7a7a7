#include "output_end.h"

#include <string.h>

#include "runtime/base/thread.h"
#include "call.h"
#include "status_pipe.h"

/* Between two waits of one purpose: a pipe read to its end, and the process that filled it. */
#define FOLLOWS_NS 50000000

bool output_end_was_awaited(uint64_t start_ns)
{
	return start_ns - this_thread.output_end_ns < FOLLOWS_NS;
}

static bool ends_output(const struct call_watch *watch)
{
	if (watch->hung_up)
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
	if (error && (watch->kind == SUBJECT_PIPE || !strcmp(info->category, "poll")))
		self->output_ns = end_ns;
	if (ends_output(watch) && end_ns - self->output_ns < FOLLOWS_NS)
		self->output_end_ns = end_ns;
	else if (error || info->class == CLASS_CHILD)
		self->output_end_ns = 0;
}

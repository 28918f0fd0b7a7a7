#include "status_pipe.h"

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"

static bool pipe_ends_have(const struct pipe_ends *ends, int fd)
{
	return fd >= 0 && (ends->first == fd + 1 || ends->second == fd + 1);
}

static bool pipe_end_is_within(int end, unsigned first, unsigned last)
{
	return end && (unsigned)end - 1 >= first && (unsigned)end - 1 <= last;
}

static void pipe_ends_drop(struct pipe_ends *ends, unsigned first, unsigned last)
{
	if (pipe_end_is_within(ends->first, first, last))
		ends->first = 0;
	if (pipe_end_is_within(ends->second, first, last))
		ends->second = 0;
}

void status_pipe_made(int fd, int other)
{
	this_thread.pipe_made = (struct pipe_ends){ fd + 1, other + 1 };
	this_thread.made_pipe = true;
}

bool status_pipe_forked(void)
{
	this_thread.status_pipe = this_thread.pipe_made;
	return this_thread.status_pipe.first != 0;
}

void status_pipe_closed_range(unsigned first, unsigned last)
{
	pipe_ends_drop(&this_thread.pipe_made, first, last);
	pipe_ends_drop(&this_thread.status_pipe, first, last);
}

bool status_pipe_is(int fd)
{
	return pipe_ends_have(&this_thread.status_pipe, fd);
}

#include "status_pipe.h"

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"

/* Descriptors plus one, so that a new thread's zeros mean none. */
struct ends {
	int first, second;
};

static THREAD_LOCAL struct ends made, status;

static bool has(const struct ends *ends, int fd)
{
	return fd >= 0 && (ends->first == fd + 1 || ends->second == fd + 1);
}

static bool within(int end, unsigned first, unsigned last)
{
	return end && (unsigned)end - 1 >= first && (unsigned)end - 1 <= last;
}

static void drop(struct ends *ends, unsigned first, unsigned last)
{
	if (within(ends->first, first, last))
		ends->first = 0;
	if (within(ends->second, first, last))
		ends->second = 0;
}

void status_pipe_made(int fd, int other)
{
	made = (struct ends){ fd + 1, other + 1 };
	this_thread.made_pipe = true;
}

bool status_pipe_forked(void)
{
	status = made;
	return status.first != 0;
}

void status_pipe_closed_range(unsigned first, unsigned last)
{
	drop(&made, first, last);
	drop(&status, first, last);
}

bool status_pipe_is(int fd)
{
	return has(&status, fd);
}

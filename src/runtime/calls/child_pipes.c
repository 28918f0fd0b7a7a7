#include "child_pipes.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"

#define PIPES	 3 /* CPython makes one for each stream, and last the status pipe */
#define CHILDREN 2

/* Descriptors plus one, so that a new thread's zeros mean none. */
struct child {
	uint64_t program_ns; /* when it was started, if it executes a program; 0 */
	pid_t pid;
	int pipes[PIPES];   /* read ends */
	int written[PIPES]; /* write ends */
};

static THREAD_LOCAL struct child children[CHILDREN], next_child;
static THREAD_LOCAL unsigned pipes_made, children_started;

void child_pipe_made(const int fds[2])
{
	unsigned slot = pipes_made++ % PIPES;

	next_child.pipes[slot] = fds[0] + 1;
	next_child.written[slot] = fds[1] + 1;
	this_thread.made_pipe = true;
}

void child_started(pid_t child, bool program)
{
	next_child.pid = child;
	next_child.program_ns = program ? now_ns() : 0;
	children[children_started++ % CHILDREN] = next_child;
	memset(&next_child, 0, sizeof next_child);
	pipes_made = 0;
}

static void forget_end(int *end, unsigned first, unsigned last)
{
	if (*end && (unsigned)*end - 1 >= first && (unsigned)*end - 1 <= last)
		*end = 0;
}

static void forget(struct child *child, unsigned first, unsigned last)
{
	for (unsigned i = 0; i < PIPES; i++) {
		forget_end(&child->pipes[i], first, last);
		forget_end(&child->written[i], first, last);
	}
}

void child_pipes_closed(unsigned first, unsigned last)
{
	for (unsigned i = 0; i < CHILDREN; i++)
		forget(&children[i], first, last);
	forget(&next_child, first, last);
}

pid_t child_of_pipe(int fd)
{
	for (unsigned i = 0; fd >= 0 && i < CHILDREN; i++)
		for (unsigned n = 0; n < PIPES; n++)
			if (children[i].pipes[n] == fd + 1)
				return children[i].pid;
	return 0;
}

pid_t child_that_reads(int fd)
{
	for (unsigned i = 0; fd >= 0 && i < CHILDREN; i++)
		for (unsigned n = 0; n < PIPES; n++)
			if (children[i].written[n] == fd + 1)
				return children[i].pid;
	return 0;
}

bool child_was_run(pid_t child, uint64_t slept_ns, uint64_t end_ns)
{
	const struct child *of = NULL;

	for (unsigned i = 0; child && i < CHILDREN; i++)
		if (children[i].pid == child)
			of = &children[i];
	if (!child && children_started)
		of = &children[(children_started - 1) % CHILDREN];
	return of && of->program_ns && slept_ns >= (end_ns - of->program_ns) / 2;
}

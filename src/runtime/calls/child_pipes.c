#include "child_pipes.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"

void child_pipe_made(const int fds[2])
{
	unsigned slot = this_thread.pipes_made++ % CHILD_PIPES;

	this_thread.next_child.pipes[slot] = fds[0] + 1;
	this_thread.next_child.written[slot] = fds[1] + 1;
	this_thread.made_pipe = true;
}

void child_started(pid_t child, bool program)
{
	this_thread.next_child.pid = child;
	this_thread.next_child.program_ns = program ? now_ns() : 0;
	this_thread.children[this_thread.children_started++ % LAST_CHILDREN] =
		this_thread.next_child;
	memset(&this_thread.next_child, 0, sizeof this_thread.next_child);
	this_thread.pipes_made = 0;
}

static void forget_end(int *end, unsigned first, unsigned last)
{
	if (*end && (unsigned)*end - 1 >= first && (unsigned)*end - 1 <= last)
		*end = 0;
}

static void child_forget_pipes(struct started_child *child, unsigned first, unsigned last)
{
	for (unsigned i = 0; i < CHILD_PIPES; i++) {
		forget_end(&child->pipes[i], first, last);
		forget_end(&child->written[i], first, last);
	}
}

void child_pipes_closed(unsigned first, unsigned last)
{
	for (unsigned i = 0; i < LAST_CHILDREN; i++)
		child_forget_pipes(&this_thread.children[i], first, last);
	child_forget_pipes(&this_thread.next_child, first, last);
}

pid_t child_of_pipe(int fd)
{
	for (unsigned i = 0; fd >= 0 && i < LAST_CHILDREN; i++)
		for (unsigned n = 0; n < CHILD_PIPES; n++)
			if (this_thread.children[i].pipes[n] == fd + 1)
				return this_thread.children[i].pid;
	return 0;
}

pid_t child_that_reads(int fd)
{
	for (unsigned i = 0; fd >= 0 && i < LAST_CHILDREN; i++)
		for (unsigned n = 0; n < CHILD_PIPES; n++)
			if (this_thread.children[i].written[n] == fd + 1)
				return this_thread.children[i].pid;
	return 0;
}

bool child_was_run(pid_t child, uint64_t slept_ns, uint64_t end_ns)
{
	const struct started_child *of = NULL;

	for (unsigned i = 0; child && i < LAST_CHILDREN; i++)
		if (this_thread.children[i].pid == child)
			of = &this_thread.children[i];
	if (!child && this_thread.children_started)
		of = &this_thread.children[(this_thread.children_started - 1) % LAST_CHILDREN];
	return of && of->program_ns && slept_ns >= (end_ns - of->program_ns) / 2;
}

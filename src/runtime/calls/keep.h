/*
 * Keeps descriptors.h up to date: in turns and outside, but never in a vfork child, which shares
 * our memory but not its parent's descriptors.
 */
#ifndef RUNTIME_CALLS_KEEP_H
#define RUNTIME_CALLS_KEEP_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "child_pipes.h"
#include "runtime/process/descriptors.h"
#include "runtime/process/origins.h"
#include "runtime/locks/held.h"
#include "runtime/locks/held_file.h"
#include "runtime/tasks/task_resources.h"
#include "runtime/base/thread.h"
#include "status_pipe.h"
#include "contract/trace_format.h"

static inline void keep_made(int fd)
{
	if (fd < 0 || this_thread.vforked)
		return;
	descriptor_forget(fd);
	task_resource_made(fd);
}

/* `copy` is a new number for the open file of `fd`. */
static inline void keep_copied(int fd, int copy)
{
	if (copy < 0 || copy == fd || this_thread.vforked)
		return;
	keep_made(copy);
	descriptor_copied(fd, copy);
}

/* F_SETFL; call it only if the call succeeded. */
static inline void keep_flags(int fd, long flags)
{
	if (this_thread.vforked)
		return;
	descriptor_set_flags(fd, flags & O_NONBLOCK, flags & O_APPEND);
	if (flags & O_NONBLOCK)
		task_resource_gone(fd);
}

/* Its mode is queried when it is used. */
static inline void keep_observer(int fd)
{
	if (fd >= 0 && !this_thread.vforked)
		descriptor_forget(fd);
}

static inline void keep_made_as(int fd, enum trace_subject subject, bool nonblocking)
{
	if (fd < 0 || this_thread.vforked)
		return;
	descriptor_know(fd, (struct descriptor){ .subject = subject, .nonblocking = nonblocking });
	origin_set(fd, ORIGIN_UNKNOWN);
	if (!nonblocking && subject != SUBJECT_EVENT)
		task_resource_made(fd);
}

static inline void keep_nonblocking(int fd, bool nonblocking)
{
	if (this_thread.vforked)
		return;
	descriptor_set_nonblocking(fd, nonblocking);
	if (nonblocking)
		task_resource_gone(fd);
}

static inline void keep_pipes_closed(unsigned first, unsigned last)
{
	status_pipe_closed_range(first, last);
	child_pipes_closed(first, last);
}

/* After the close: until then another thread may query it. Forgetting too much is harmless. */
static inline void keep_closed(int fd)
{
	if (fd < 0 || this_thread.vforked)
		return;
	descriptor_forget(fd);
	task_resource_gone(fd);
	if (UNLIKELY(this_thread.made_pipe))
		keep_pipes_closed((unsigned)fd, (unsigned)fd);
	if (UNLIKELY(this_thread.holds_any)) /* and its locks with it */
		held_released(held_file_lock(fd));
}

/*
 * After dup2 made `copy`, or failed: the former descriptor `copy` was closed, unless that is `fd`
 * itself.
 */
static inline void keep_replaced(int fd, int copy)
{
	if (copy < 0 || copy == fd || this_thread.vforked)
		return;
	keep_closed(copy);
	descriptor_copied(fd, copy);
}

void keep_closed_range(unsigned first, unsigned last);

static inline int keep_fd_of(int fd)
{
	return fd;
}

static inline int keep_fd_of_stream(FILE *stream)
{
	return stream ? fileno(stream) : -1;
}

static inline int keep_fd_of_directory(DIR *directory)
{
	return directory ? dirfd(directory) : -1;
}

#endif

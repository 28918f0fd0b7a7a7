/*
 * How the wrappers keep descriptors.h true: always, in a turn or not, but never in a vfork child, which
 * shares our memory and not its parent's descriptors.
 */
#ifndef RUNTIME_CALLS_KEEP_H
#define RUNTIME_CALLS_KEEP_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../descriptors.h"
#include "../thread.h"
#include "status_pipe.h"
#include "yieldsan/trace_format.h"

static inline void keep_made(int fd)
{
	if (fd >= 0 && !this_thread.vforked)
		descriptor_forget(fd);
}

static inline void keep_made_as(int fd, enum trace_subject subject, bool nonblocking)
{
	if (fd >= 0 && !this_thread.vforked)
		descriptor_know(fd, (struct descriptor){ .subject = subject,
							 .nonblocking = nonblocking });
}

static inline void keep_nonblocking(int fd, bool nonblocking)
{
	if (!this_thread.vforked)
		descriptor_set_nonblocking(fd, nonblocking);
}

static inline void keep_closed(int fd)
{
	if (fd < 0 || this_thread.vforked)
		return;
	descriptor_forget(fd);
	status_pipe_closed(fd);
}

void keep_closed_range(unsigned first, unsigned last);

static inline void keep_closed_at_end(const int *fd)
{
	keep_closed(*fd);
}

/* For the rest of the block: a close may be cancelled after it was done. Forgotten afterwards, since
 * until then another thread may look at the descriptor; what one forgets too much is asked again. */
#define KEEP_CLOSED(fd) \
	__attribute__((cleanup(keep_closed_at_end), unused)) const int keep_closed_fd = (fd)

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

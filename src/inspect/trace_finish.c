#include "trace_finish.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ancestor.h"
#include "shared/options.h"

#define TEXT_SIZE 32768 /* executable and options are shorter */

int trace_finish_open(const char *path, struct trace_header *header)
{
	/* O_NOFOLLOW: others may write to this directory. O_NONBLOCK: a FIFO must not block us. */
	int fd = ancestor_open_trace(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) &&
	    pread(fd, header, sizeof *header, 0) == sizeof *header &&
	    !memcmp(header->magic, TRACE_MAGIC, sizeof header->magic) &&
	    header->version == TRACE_VERSION)
		return fd;
	close(fd);
	return -EINVAL;
}

bool trace_finish_run(int fd, const struct trace_header *header, char run[OPTION_RUN_SIZE])
{
	char text[TEXT_SIZE + 1];
	struct options options;
	const char *given;
	ssize_t got;

	if (!header->process)
		return false;
	got = pread(fd, text, TEXT_SIZE,
		    (off_t)header->process + (off_t)sizeof(struct trace_process));
	if (got <= 0)
		return false;
	text[got] = '\0';
	given = text + strlen(text) + 1; /* after the executable */
	if (given > text + got)
		return false;
	options_parse(&options, given);
	strcpy(run, options.run);
	return true;
}

bool trace_finish_is_of_run(int fd, const struct trace_header *header, const char *run)
{
	char its[OPTION_RUN_SIZE];

	return trace_finish_run(fd, header, its) && !strcmp(its, run);
}

void trace_finish_end(int fd, const struct trace_header *header, int status)
{
	struct {
		uint32_t end;
		int32_t code;
		uint64_t ns;
	} end = { .end = TRACE_END_EXITED, .code = WEXITSTATUS(status) };
	struct timespec now;

	_Static_assert(offsetof(struct trace_header, end_ns) - offsetof(struct trace_header, end) ==
			       offsetof(typeof(end), ns),
		       "written as one");
	if (WIFSIGNALED(status)) {
		end.end = TRACE_END_SIGNALED;
		end.code = WTERMSIG(status);
	}
	if (header->end == TRACE_END_EXECED ||
	    (header->end == end.end && header->end_code == end.code))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	end.ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	(void)!pwrite(fd, &end, sizeof end, offsetof(struct trace_header, end));
}

void trace_finish_append(int fd, const void *record, size_t size)
{
	struct trace_header header;
	uint64_t end[2];

	_Static_assert(offsetof(struct trace_header, used) ==
			       offsetof(struct trace_header, file_size) + sizeof end[0],
		       "written as one");
	if (pread(fd, &header, sizeof header, 0) != sizeof header)
		return;
	/* The header of a full trace counts more than the file contains. */
	end[0] = header.used < header.file_size ? header.used : header.file_size;
	if (pwrite(fd, record, size, (off_t)end[0]) != (ssize_t)size)
		return;
	end[0] += size;
	end[1] = end[0];
	(void)!pwrite(fd, end, sizeof end, offsetof(struct trace_header, file_size));
}

/*
 * The kernel grants a write lease only while no other process has the file open or mapped, in any
 * namespace, which a pid cannot show. A process that opens it now waits until we close it.
 */
static bool is_ours_alone(int fd)
{
	signal(SIGIO, SIG_IGN); /* sent when another process waits */
	return !fcntl(fd, F_SETLEASE, F_WRLCK);
}

void trace_finish_trim(int fd, const struct trace_header *header)
{
	uint64_t size = header->used;
	struct stat status;

	if (size < sizeof *header || fstat(fd, &status) || size >= (uint64_t)status.st_size ||
	    !is_ours_alone(fd))
		return;
	if (!ftruncate(fd, (off_t)size))
		(void)!pwrite(fd, &size, sizeof size, offsetof(struct trace_header, file_size));
}

/*
 * What is known of an open file without a question to its file system: a request may take as long
 * there as the slowest server does. statx gives what the kernel has in memory.
 */
#ifndef RUNTIME_FILE_STATUS_H
#define RUNTIME_FILE_STATUS_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "system_call.h"

/* Type, device and number. False for what is not open, and where statx is refused. */
static inline bool file_status(int fd, struct statx *status)
{
	return !system_call(SYS_statx, fd, (long)"", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
			    STATX_TYPE | STATX_INO, (long)status, 0);
}

#endif

/*
 * The status of an open file without a request to its file system, which may take as long as the
 * slowest server: statx returns what the kernel has cached.
 */
#ifndef RUNTIME_FILE_STATUS_H
#define RUNTIME_FILE_STATUS_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "system_call.h"

/* Type, device and number. False if the descriptor is not open, or statx is refused. */
static inline bool file_status(int fd, struct statx *status)
{
	return !system_call(SYS_statx, fd, (long)"", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
			    STATX_TYPE | STATX_INO, (long)status, 0);
}

#endif

/* A descriptor of a running process, as far as /proc shows it. */
#ifndef INSPECT_OPEN_FILE_H
#define INSPECT_OPEN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct open_file {
	char link[512]; /* as in /proc/PID/fd/N: a path, "pipe:[42]", "socket:[42]" */
	struct sockaddr_storage peer;
	socklen_t peer_size; /* 0: not a connected internet socket */
};

/* False if it is not open, or may not be inspected. */
bool open_file_read(pid_t pid, int fd, struct open_file *file);

#endif

/* A descriptor of a running process, as far as /proc shows it. */
#ifndef INSPECT_OPEN_FILE_H
#define INSPECT_OPEN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct open_file {
	char link[512];	      /* as in /proc/PID/fd/N: a path, "pipe:[42]", "socket:[42]" */
	const char *protocol; /* of a socket: "TCP", "UDP", "Unix"; NULL: not known */
	bool listens;	      /* accepts connections */
	char path[108];	      /* of a Unix socket; "": it has none */
	struct sockaddr_storage local, peer;
	socklen_t local_size, peer_size; /* 0: not a connected internet socket */
};

struct strings;

/* The address as people write it: "127.0.0.1:80", "[::1]:80", "/run/x.sock"; NULL: it has none. */
const char *socket_address_text(struct strings *strings, const void *bytes, size_t size);

/* False if it is not open, or may not be inspected. */
bool open_file_read(pid_t pid, int fd, struct open_file *file);

#endif

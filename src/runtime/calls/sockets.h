/* What is kept of sockets beside their type and mode. */
#ifndef RUNTIME_CALLS_SOCKETS_H
#define RUNTIME_CALLS_SOCKETS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Some socket of this process was told to wait at its close. */
extern bool socket_linger_was_asked;

/* A name in the file system: to bind it makes a file. */
bool socket_address_is_path(const struct sockaddr *address, socklen_t size);

#endif

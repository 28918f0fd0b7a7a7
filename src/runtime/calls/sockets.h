/* What is recorded of sockets besides their type and mode. */
#ifndef RUNTIME_CALLS_SOCKETS_H
#define RUNTIME_CALLS_SOCKETS_H

#include <stdbool.h>
#include <sys/socket.h>

/* SO_LINGER was set on some socket of this process. */
extern bool socket_linger_was_asked;

/* A name in the file system: binding to it makes a file. */
bool socket_address_is_path(const struct sockaddr *address, socklen_t size);

#endif

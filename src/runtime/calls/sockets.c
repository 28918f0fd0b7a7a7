#include "sockets.h"

#include <stddef.h>
#include <sys/un.h>

#include "arguments.h"
#include "call.h"
#include "keep.h"

bool socket_linger_was_asked;

bool socket_address_is_path(const struct sockaddr *address, socklen_t size)
{
	return size > offsetof(struct sockaddr_un, sun_path) && may_be_read(address, size) &&
	       address->sa_family == AF_UNIX && ((const struct sockaddr_un *)address)->sun_path[0];
}

EXPORT int socket(int family, int type, int protocol)
{
	int fd = real.socket(family, type, protocol);

	keep_made_as(fd, SUBJECT_SOCKET, type & SOCK_NONBLOCK);
	return fd;
}

EXPORT int socketpair(int family, int type, int protocol, int fds[2])
{
	int result = real.socketpair(family, type, protocol, fds);

	if (result || this_thread.vforked)
		return result;
	keep_made_as(fds[0], SUBJECT_SOCKET, type & SOCK_NONBLOCK);
	keep_made_as(fds[1], SUBJECT_SOCKET, type & SOCK_NONBLOCK);
	if (type & SOCK_CLOEXEC)
		status_pipe_made(fds[0], fds[1]);
	return result;
}

static COLD int watched_accept(int fd, __SOCKADDR_ARG address, socklen_t *size)
{
	CALL_WATCH(watch, CALL_accept, FD(fd));
	return CALL_RESULT(watch, real.accept(fd, address, size));
}

EXPORT int accept(int fd, __SOCKADDR_ARG address, socklen_t *size)
{
	int made;

	if (LIKELY(!call_armed()))
		made = real.accept(fd, address, size);
	else
		made = watched_accept(fd, address, size);
	keep_made_as(made, SUBJECT_SOCKET, false);
	return made;
}

static COLD int watched_accept4(int fd, __SOCKADDR_ARG address, socklen_t *size, int flags)
{
	CALL_WATCH(watch, CALL_accept4, FD(fd));
	return CALL_RESULT(watch, real.accept4(fd, address, size, flags));
}

EXPORT int accept4(int fd, __SOCKADDR_ARG address, socklen_t *size, int flags)
{
	int made;

	if (LIKELY(!call_armed()))
		made = real.accept4(fd, address, size, flags);
	else
		made = watched_accept4(fd, address, size, flags);
	keep_made_as(made, SUBJECT_SOCKET, flags & SOCK_NONBLOCK);
	return made;
}

EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, option, value, size);

	if (!result && level == SOL_SOCKET && option == SO_LINGER) {
		const struct linger *linger = value;

		if (linger->l_onoff && linger->l_linger > 0)
			socket_linger_was_asked = true;
	}
	return result;
}

#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

#include "arguments.h"
#include "call.h"
#include "keep.h"
#include "runtime/base/runtime.h"
#include "runtime/process/phase.h"

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
	origin_set_pair(fds);
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
	if (made >= 0) {
		origin_set(made, ORIGIN_ACCEPTED);
		phase_accepts();
	}
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
	if (made >= 0) {
		origin_set(made, ORIGIN_ACCEPTED);
		phase_accepts();
	}
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

EXPORT int listen(int fd, int backlog)
{
	int result = real.listen(fd, backlog);

	if (!result) {
		origin_set(fd, ORIGIN_LISTENS);
		phase_listens(fd);
	}
	return result;
}

/* Datagrams arrive at an explicitly requested port. */
static bool takes_datagrams(int fd, const struct sockaddr *address)
{
	socklen_t size = sizeof(int);
	int type = 0;
	in_port_t port;

	if (address->sa_family == AF_INET)
		port = ((const struct sockaddr_in *)address)->sin_port;
	else if (address->sa_family == AF_INET6)
		port = ((const struct sockaddr_in6 *)address)->sin6_port;
	else
		return false;
	return port && !runtime_silent && !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) &&
	       type == SOCK_DGRAM;
}

static COLD int watched_bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
	CALL_WATCH(watch, CALL_bind,
		   FD_WHEN(fd, socket_address_is_path(address.__sockaddr__, size)));
	return CALL_RESULT(watch, real.bind(fd, address, size));
}

EXPORT int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
	int result, saved;

	if (LIKELY(!this_thread.armed))
		result = real.bind(fd, address, size);
	else
		result = watched_bind(fd, address, size);
	saved = errno;
	if (!result && takes_datagrams(fd, address.__sockaddr__)) {
		origin_set(fd, ORIGIN_LISTENS);
		phase_takes_datagrams(fd);
	}
	errno = saved;
	return result;
}

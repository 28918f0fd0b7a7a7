/* Receiving calls: a datagram server counts as serving from its first datagram on. */
#include "call.h"
#include "runtime/process/phase.h"

/* As in wrappers.c; a thread that still waits for its first datagram uses another function. */
#define RECEIVES(ret, name, params, args)                                                          \
	static COLD ret watched_##name params                                                      \
	{                                                                                          \
		CALL_WATCH(watch, CALL_##name, FD_WHEN(fd, !(flags & MSG_DONTWAIT)));              \
		return CALL_RESULT(watch, real.name args);                                         \
	}                                                                                          \
	static COLD ret first_##name params                                                        \
	{                                                                                          \
		ret result = call_armed() ? watched_##name args : real.name args;                  \
                                                                                                   \
		if (result >= 0)                                                                   \
			phase_first_datagram();                                                    \
		return result;                                                                     \
	}                                                                                          \
	EXPORT ret name params;                                                                    \
	EXPORT ret name params                                                                     \
	{                                                                                          \
		if (UNLIKELY(this_thread.takes_datagrams))                                         \
			return first_##name args;                                                  \
		if (LIKELY(!call_armed()))                                                         \
			return real.name args;                                                     \
		if (LIKELY(call_passes(CLASS_TRANSFER, FD_WHEN(fd, !(flags & MSG_DONTWAIT)))))     \
			return real.name args;                                                     \
		return watched_##name args;                                                        \
	}

RECEIVES(ssize_t, recvfrom,
	 (int fd, void *buffer, size_t size, int flags, __SOCKADDR_ARG address,
	  socklen_t *address_size),
	 (fd, buffer, size, flags, address, address_size))
RECEIVES(ssize_t, __recvfrom_chk,
	 (int fd, void *buffer, size_t size, size_t room, int flags, __SOCKADDR_ARG address,
	  socklen_t *address_size),
	 (fd, buffer, size, room, flags, address, address_size))
RECEIVES(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
RECEIVES(int, recvmmsg,
	 (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout),
	 (fd, messages, count, flags, timeout))

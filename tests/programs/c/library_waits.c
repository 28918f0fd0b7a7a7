/*
 * Waits for the sake of a caller, in a shared library: for one descriptor at a time, with a time-out. The caller blocks as it
 * likes in between; it serves no other code.
 */
#include <poll.h>
#include <unistd.h>

int library_read(int fd, char *byte, int timeout_ms);

int library_read(int fd, char *byte, int timeout_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, timeout_ms) == 1 && read(fd, byte, 1) == 1;
}

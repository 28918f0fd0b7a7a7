#include "file.h"

#include <errno.h>
#include <unistd.h>

int file_write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t wrote = write(fd, bytes, size);

		if (wrote < 0 && errno != EINTR)
			return -errno;
		if (wrote > 0) {
			bytes += wrote;
			size -= (size_t)wrote;
		}
	}
	return 0;
}

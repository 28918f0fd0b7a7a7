#include "tokio_version.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_KNOWN 23 /* Tokio 1.23: see shared/tokio_scan.h */

/* In "/home/user/.cargo/registry/src/.../tokio-1.20.6/src/runtime/task/raw.rs". */
static bool version_in_bytes(const char *bytes, size_t size, char version[TOKIO_VERSION_SIZE])
{
	static const char start[] = "/tokio-1.";
	const char *at, *end = bytes + size;
	char text[TOKIO_VERSION_SIZE + 8];
	unsigned minor, patch;
	int length;

	while ((at = memmem(bytes, (size_t)(end - bytes), start, sizeof start - 1))) {
		bytes = at + sizeof start - 1;
		snprintf(text, sizeof text, "%.*s",
			 (int)((size_t)(end - bytes) < sizeof text - 1 ? (size_t)(end - bytes)
								       : sizeof text - 1),
			 bytes);
		length = 0;
		if (sscanf(text, "%3u.%3u%n", &minor, &patch, &length) != 2 ||
		    strncmp(text + length, "/src/", 5) != 0)
			continue;
		if (minor >= FIRST_KNOWN)
			return false;
		snprintf(version, TOKIO_VERSION_SIZE, "1.%u.%u", minor % 1000, patch % 1000);
		return true;
	}
	return false;
}

static bool version_in_file(const char *path, char version[TOKIO_VERSION_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	bool found = false;
	void *bytes;

	if (fd < 0)
		return false;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0) {
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes != MAP_FAILED) {
			found = version_in_bytes(bytes, (size_t)status.st_size, version);
			munmap(bytes, (size_t)status.st_size);
		}
	}
	close(fd);
	return found;
}

void tokio_version_too_old(const struct process_image *image, char version[TOKIO_VERSION_SIZE])
{
	*version = '\0';
	for (size_t i = 0; i < image->module_count; i++)
		if (image->modules[i].file && version_in_file(image->modules[i].file, version))
			return;
}

#include "layout_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/memory.h"
#include "shared/layout_path.h"

#define MAX_CACHED    ((off_t)1 << 30)
#define MAY_BE_SPARSE ((off_t)1 << 20) /* a larger file must not be sparse */

static bool layout_cache_path(const uint8_t *build_id, size_t build_id_size, char path[PATH_MAX])
{
	char directory[PATH_MAX];

	return layout_cache_directory(directory) &&
	       layout_path(path, PATH_MAX, directory, build_id, build_id_size);
}

bool layout_cache_directory(char path[PATH_MAX])
{
	return layout_directory(path, PATH_MAX, getenv("XDG_CACHE_HOME"), getenv("HOME"));
}

static bool make_directories(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof part, "%s", path);
	for (char *slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return true;
}

void *layout_cache_read(const uint8_t *build_id, size_t build_id_size, size_t *size)
{
	char path[PATH_MAX];
	struct stat status;
	char *table = NULL;
	int fd;

	if (!layout_cache_path(build_id, build_id_size, path))
		return NULL;
	/* Others may write to the directory: do not block on a FIFO. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	/* Do not trust another user's file. */
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
	    status.st_size > 0 && status.st_size < MAX_CACHED &&
	    (status.st_size < MAY_BE_SPARSE || status.st_blocks * 512 >= status.st_size / 64)) {
		*size = (size_t)status.st_size;
		table = memory_get(*size);
		if (pread(fd, table, *size, 0) != (ssize_t)*size) {
			free(table);
			table = NULL;
		}
	}
	close(fd);
	return table;
}

void layout_cache_write(const uint8_t *build_id, size_t build_id_size, const void *table,
			size_t size)
{
	char path[PATH_MAX], fresh[PATH_MAX + 16];
	bool written;
	FILE *file;
	int fd;

	if (!layout_cache_path(build_id, build_id_size, path) || !make_directories(path))
		return;
	/* Renamed into place: concurrent readers find either the old file or the
	 * complete new one. */
	snprintf(fresh, sizeof fresh, "%s.XXXXXX", path);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return;
	file = fdopen(fd, "w");
	written = file && fwrite(table, 1, size, file) == size;
	written = file && !fclose(file) && written;
	if (!written || rename(fresh, path))
		unlink(fresh);
}

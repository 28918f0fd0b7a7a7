#include "layout_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

#define MAX_CACHED ((off_t)1 << 30)

/* As the XDG Base Directory Specification has it: a relative $XDG_CACHE_HOME is none. */
static bool directory_of(char path[PATH_MAX])
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int length;

	if (cache && *cache == '/')
		length = snprintf(path, PATH_MAX, "%s/yieldsan", cache);
	else if (home && *home == '/')
		length = snprintf(path, PATH_MAX, "%s/.cache/yieldsan", home);
	else
		return false;
	return length < PATH_MAX - 128;
}

static bool path_of(const uint8_t *build_id, size_t build_id_size, char path[PATH_MAX])
{
	size_t length;

	if (!build_id_size || !directory_of(path))
		return false;
	length = strlen(path);
	path[length++] = '/';
	for (size_t i = 0; i < build_id_size && i < 32; i++, length += 2)
		snprintf(path + length, 3, "%02x", build_id[i]);
	snprintf(path + length, 32, ".layout");
	return true;
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
	FILE *file;

	if (!path_of(build_id, build_id_size, path))
		return NULL;
	file = fopen(path, "re");
	if (!file)
		return NULL;
	/* Another user's file is not ours to trust. */
	if (!fstat(fileno(file), &status) && S_ISREG(status.st_mode) &&
	    status.st_uid == geteuid() && status.st_size > 0 && status.st_size < MAX_CACHED) {
		*size = (size_t)status.st_size;
		table = memory_get(*size);
		if (fread(table, 1, *size, file) != *size) {
			free(table);
			table = NULL;
		}
	}
	fclose(file);
	return table;
}

void layout_cache_write(const uint8_t *build_id, size_t build_id_size, const void *table,
			size_t size)
{
	char path[PATH_MAX], fresh[PATH_MAX + 16];
	bool written;
	FILE *file;
	int fd;

	if (!path_of(build_id, build_id_size, path) || !make_directories(path))
		return;
	/* Whoever reads meanwhile finds the old one or the new one whole. */
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

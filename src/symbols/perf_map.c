#include "perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MAP_SIZE ((off_t)256 << 20)
#define LINE_SIZE    65536

static FILE *open_regular(const char *path, uid_t owner)
{
	struct stat status;
	FILE *file = NULL;
	/* Any user can write to /tmp: follow no link, and do not block on a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size <= MAX_MAP_SIZE &&
	    (status.st_uid == owner || status.st_uid == geteuid() || !status.st_uid))
		file = fdopen(fd, "r");
	else
		errno = EINVAL;
	if (!file)
		close(fd);
	return file;
}

int perf_map_read(struct perf_map *map, const char *path, uid_t owner, struct strings *strings)
{
	FILE *file = open_regular(path, owner);
	uint64_t start, size;
	bool whole = true, begins;
	char *line, *end;
	int name;

	memset(map, 0, sizeof *map);
	if (!file)
		return -errno;
	line = memory_get(LINE_SIZE);
	while (fgets(line, LINE_SIZE, file)) {
		begins = whole;
		end = strchr(line, '\n');
		whole = end != NULL;
		if (end)
			*end = '\0';
		name = 0;
		if (!begins ||
		    sscanf(line, "%" SCNx64 " %" SCNx64 " %n", &start, &size, &name) < 2 || !name ||
		    start + size < start)
			continue;
		map->names = memory_grow(map->names, map->count, &map->room, sizeof *map->names);
		map->names[map->count] = strings_keep(strings, line + name);
		/* Later lines describe reused memory, and must sort after earlier ones. */
		spans_add(&map->spans, start, start + size, map->count++);
	}
	free(line);
	fclose(file);
	spans_sort(&map->spans);
	return 0;
}

const char *perf_map_find(const struct perf_map *map, uint64_t address)
{
	const struct span *span = spans_find(&map->spans, address);

	return span ? map->names[span->value] : NULL;
}

void perf_map_deinit(struct perf_map *map)
{
	spans_deinit(&map->spans);
	free(map->names);
	memset(map, 0, sizeof *map);
}

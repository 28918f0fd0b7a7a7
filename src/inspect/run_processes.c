#include "run_processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/options.h"
#include "support/memory.h"

#define MAX_ENVIRONMENT (4 << 20)

/* Whether one of the strings is YIELDSAN_OPTIONS=...:NAME=VALUE... */
static bool has_option(const char *bytes, size_t size, const char *name, const char *value)
{
	static const char variable[] = OPTIONS_VARIABLE "=";

	for (size_t at = 0; at < size; at += strlen(bytes + at) + 1) {
		const char *text = bytes + at, *found = text;
		size_t length = strlen(name);

		if (strncmp(text, variable, sizeof variable - 1))
			continue;
		while ((found = strstr(found, value))) {
			if ((size_t)(found - text) > length && found[-1] == '=' &&
			    !strncmp(found - 1 - length, name, length))
				return true;
			found++;
		}
		return false;
	}
	return false;
}

static bool process_has_option(pid_t pid, const char *name, const char *value)
{
	size_t size = 0, room = 0;
	char path[64], *bytes = NULL;
	bool found;
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	do {
		if (room - size < 2) {
			room = room ? room * 2 : 16384;
			bytes = realloc(bytes, room);
			if (!bytes)
				memory_exhausted();
		}
		got = read(fd, bytes + size, room - size - 1);
		size += got > 0 ? (size_t)got : 0;
	} while (got > 0 && size < MAX_ENVIRONMENT);
	close(fd);
	bytes[size] = '\0';
	found = has_option(bytes, size, name, value);
	free(bytes);
	return found;
}

static void find_with_option(struct run_processes *found, const char *name, const char *value)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	memset(found, 0, sizeof *found);
	while (processes && (entry = readdir(processes))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid() || !process_has_option(pid, name, value))
			continue;
		found->count++;
		if (!found->first || pid < found->first)
			found->first = pid;
	}
	if (processes)
		closedir(processes);
}

void run_processes_find(struct run_processes *found, const char *run)
{
	find_with_option(found, "run", run);
}

bool run_processes_write_to(const char *directory)
{
	char escaped[2 * PATH_MAX], *to = escaped; /* as in the variable: shared/options.h */
	struct run_processes found;

	for (; *directory && to < escaped + sizeof escaped - 2; directory++) {
		if (*directory == ':' || *directory == '\\')
			*to++ = '\\';
		*to++ = *directory;
	}
	*to = '\0';
	find_with_option(&found, "output", escaped);
	return found.count > 0;
}

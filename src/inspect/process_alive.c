#include "process_alive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "contract/trace_format.h"
#include "process_file.h"

/* A line of /proc/PID/maps: range, permissions, offset, device, inode, path (proc(5)). */
static bool is_mapping_of(const char *line, const char *name, const struct stat *trace)
{
	unsigned device_major, device_minor;
	uint64_t inode;
	int path = 0;
	const char *slash;

	if (sscanf(line, "%*s %*s %*s %x:%x %" SCNu64 " %n", &device_major, &device_minor, &inode,
		   &path) < 3)
		return false;
	if (inode == trace->st_ino && device_major == major(trace->st_dev) &&
	    device_minor == minor(trace->st_dev))
		return true;
	/* Some file systems show different devices in maps and stat. */
	slash = path ? strrchr(line + path, '/') : NULL;
	return slash && inode == trace->st_ino && !strcmp(slash + 1, name);
}

bool process_alive(int32_t pid, const char *trace_path, const struct stat *trace)
{
	const char *slash = strrchr(trace_path, '/'), *name = slash ? slash + 1 : trace_path;
	char *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *file;

	if (pid <= 0)
		return false;
	file = process_maps(pid);
	if (!file)
		return false;
	while (!found && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		found = is_mapping_of(line, name, trace);
	}
	free(line);
	fclose(file);
	return found;
}

static bool trace_of(const char *pid, char path[PATH_MAX])
{
	char maps[64], *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *file;

	if (strlen(pid) > 10)
		return false;
	snprintf(maps, sizeof maps, "/proc/%s/maps", pid);
	errno = 0;
	file = fopen(maps, "re");
	if (!file)
		return false;
	/* The kernel checks permissions on reads too. */
	while (!found && getline(&line, &room, file) > 0) {
		size_t length = strcspn(line, "\n"), suffix = strlen(TRACE_SUFFIX);
		const char *slash;

		line[length] = '\0';
		slash = strchr(line, '/');
		if (!slash || length < suffix || strcmp(line + length - suffix, TRACE_SUFFIX))
			continue;
		snprintf(path, PATH_MAX, "%s", slash);
		found = true;
	}
	free(line);
	fclose(file);
	return found;
}

/* `yieldsan run' has another pid than its program, and is the one that a shell or a container
 * knows. */
static bool process_is_launcher(const char *pid)
{
	char link[64], its[PATH_MAX], own[PATH_MAX];
	ssize_t its_size, own_size = readlink("/proc/self/exe", own, sizeof own);

	snprintf(link, sizeof link, "/proc/%s/exe", pid);
	its_size = readlink(link, its, sizeof its);
	return its_size > 0 && its_size == own_size && !memcmp(its, own, (size_t)own_size);
}

bool process_trace_of(const char *pid, char path[PATH_MAX])
{
	char name[64], child[16];
	bool found = false;
	int error;
	FILE *file;

	if (trace_of(pid, path))
		return true;
	error = errno;
	if (strlen(pid) > 10 || !process_is_launcher(pid)) {
		errno = error;
		return false;
	}
	snprintf(name, sizeof name, "/proc/%s/task/%s/children", pid, pid);
	file = fopen(name, "re");
	while (file && !found && fscanf(file, "%15s", child) == 1)
		found = trace_of(child, path);
	if (file)
		fclose(file);
	errno = error;
	return found;
}

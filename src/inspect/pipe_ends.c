#include "pipe_ends.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* proc(5): the flags of open(2), in octal. */
static int access_mode(pid_t pid, const char *descriptor)
{
	char path[300], line[128];
	unsigned flags;
	int mode = -1;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%s", (int)pid, descriptor);
	file = fopen(path, "re");
	while (file && mode < 0 && fgets(line, sizeof line, file))
		if (sscanf(line, "flags: %o", &flags) == 1)
			mode = (int)(flags & O_ACCMODE);
	if (file)
		fclose(file);
	return mode;
}

static bool has_end(pid_t pid, const char *link, bool writers)
{
	char directory[64], target[128];
	struct dirent *entry;
	bool found = false;
	DIR *stream;

	snprintf(directory, sizeof directory, "/proc/%d/fd", (int)pid);
	stream = opendir(directory);
	while (stream && !found && (entry = readdir(stream))) {
		ssize_t length =
			readlinkat(dirfd(stream), entry->d_name, target, sizeof target - 1);
		int mode;

		if (length <= 0)
			continue;
		target[length] = '\0';
		if (strcmp(target, link) != 0)
			continue;
		mode = access_mode(pid, entry->d_name);
		found = mode == O_RDWR || mode == (writers ? O_WRONLY : O_RDONLY);
	}
	if (stream)
		closedir(stream);
	return found;
}

void pipe_ends_find(struct pipe_ends *ends, pid_t pid, const char *link, bool writers)
{
	DIR *stream = opendir("/proc");
	struct dirent *entry;

	*ends = (struct pipe_ends){ .own = has_end(pid, link, writers) };
	while (stream && !ends->other && (entry = readdir(stream))) {
		pid_t candidate = isdigit((unsigned char)*entry->d_name) ? atoi(entry->d_name) : 0;

		if (candidate > 0 && candidate != pid && candidate != getpid() &&
		    has_end(candidate, link, writers))
			ends->other = candidate;
	}
	if (stream)
		closedir(stream);
}

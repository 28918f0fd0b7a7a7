#include "trace_directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/memory.h"
#include "process_alive.h"
#include "trace_finish.h"

static bool make_below(struct trace_directory *directory, const char *parent)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s/yieldsan.XXXXXX", parent) < sizeof path)
		return mkdtemp(path) && realpath(path, directory->path);
	errno = ENAMETOOLONG;
	return false;
}

/* Containers often have a read-only root, and no /tmp: then /dev/shm remains. */
static bool make_private(struct trace_directory *directory)
{
	static const char *const places[] = { "/tmp", "/var/tmp", "/dev/shm" };
	const char *temporary = getenv("TMPDIR");

	if (temporary && *temporary) {
		if (make_below(directory, temporary))
			return true;
		fprintf(stderr,
			"yieldsan: no directory for traces can be made in %s: %s; name one by "
			"--output or TMPDIR\n",
			temporary, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (make_below(directory, places[i]))
			return true;
	fprintf(stderr, "yieldsan: no directory for traces can be made in /tmp, /var/tmp or "
			"/dev/shm; name one by --output or TMPDIR\n");
	return false;
}

static bool open_wanted(struct trace_directory *directory, const char *wanted)
{
	struct stat status;

	if (mkdir(wanted, 0777) && errno != EEXIST)
		fprintf(stderr, "yieldsan: the directory %s cannot be made: %s\n", wanted,
			strerror(errno));
	else if (!realpath(wanted, directory->path) || stat(wanted, &status))
		fprintf(stderr, "yieldsan: %s: %s\n", wanted, strerror(errno));
	else if (!S_ISDIR(status.st_mode))
		fprintf(stderr, "yieldsan: %s is not a directory; --output names one for traces\n",
			wanted);
	else if (access(wanted, W_OK | X_OK))
		fprintf(stderr,
			"yieldsan: no trace can be written to %s: %s; name another directory\n",
			wanted, strerror(errno));
	else
		return true;
	return false;
}

bool trace_directory_open(struct trace_directory *directory, const char *wanted)
{
	memset(directory, 0, sizeof *directory);
	clock_gettime(CLOCK_REALTIME, &directory->opened);
	snprintf(directory->run, sizeof directory->run, "%d-%lld%09ld", (int)getpid(),
		 (long long)directory->opened.tv_sec, directory->opened.tv_nsec);
	directory->is_private = !*wanted;
	return *wanted ? open_wanted(directory, wanted) : make_private(directory);
}

bool trace_is_named(const char *name)
{
	size_t length = strlen(name), suffix = strlen(TRACE_SUFFIX);

	return length > suffix && !strcmp(name + length - suffix, TRACE_SUFFIX);
}

/* False: the directory cannot be read. */
static bool visit_traces(const struct trace_directory *directory,
			 void (*visit)(const char *path, void *data), void *data)
{
	DIR *stream = opendir(directory->path);
	char path[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;

	if (!stream)
		return false;
	while ((entry = readdir(stream))) {
		snprintf(path, sizeof path, "%s/%s", directory->path, entry->d_name);
		if (trace_is_named(entry->d_name))
			visit(path, data);
	}
	closedir(stream);
	return true;
}

struct collection {
	struct trace_directory *directory;
	pid_t pid;
	/* The last trace of `pid`: it left others by exec. */
	char last[PATH_MAX + NAME_MAX + 2];
	uint64_t last_start_ns;
};

/* When a trace was created, in microseconds: the number before the suffix of its name. 0: none. */
static uint64_t made_us(const char *path)
{
	const char *end = path + strlen(path) - strlen(TRACE_SUFFIX), *digits = end;

	while (digits > path && digits[-1] >= '0' && digits[-1] <= '9')
		digits--;
	return digits > path && digits[-1] == '.' ? strtoull(digits, NULL, 10) : 0;
}

/* A file that the runtime marked because it could not write into it. Others may put files into the
 * directory. */
static bool is_marked_since(const char *path, mode_t mark, const struct timespec *start)
{
	uint64_t start_us = (uint64_t)start->tv_sec * 1000000 + (uint64_t)start->tv_nsec / 1000;
	struct stat status;

	return !lstat(path, &status) && S_ISREG(status.st_mode) && status.st_mode & mark &&
	       status.st_uid == geteuid() && made_us(path) >= start_us;
}

static void trace_collect_directory(const char *path, void *data)
{
	struct collection *collection = data;
	struct trace_directory *directory = collection->directory;
	struct trace_header header;
	int fd = trace_finish_open(path, &header);

	if (fd < 0 || !trace_finish_is_of_run(fd, &header, directory->run)) {
		if (fd >= 0)
			close(fd);
		directory->lost += is_marked_since(path, TRACE_LOST_MODE, &directory->opened);
		directory->cut += is_marked_since(path, TRACE_CUT_MODE, &directory->opened);
		return;
	}
	if (header.pid == collection->pid && header.start_wall_ns >= collection->last_start_ns) {
		collection->last_start_ns = header.start_wall_ns;
		strcpy(collection->last, path);
	}
	trace_finish_trim(fd, &header);
	close(fd);
	directory->traces = memory_grow(directory->traces, directory->count, &directory->room,
					sizeof *directory->traces);
	directory->traces[directory->count++] = memory_text(path);
}

void trace_directory_collect(struct trace_directory *directory, pid_t pid, int status)
{
	struct collection collection = { .directory = directory, .pid = pid };
	struct trace_header header;
	int fd;

	directory->is_gone = !visit_traces(directory, trace_collect_directory, &collection);
	if (!*collection.last)
		return;
	fd = trace_finish_open(collection.last, &header);
	if (fd < 0)
		return;
	trace_finish_end(fd, &header, status);
	close(fd);
}

static pid_t writer_of(const char *path)
{
	struct trace_header header;
	struct stat status;
	int fd = trace_finish_open(path, &header);
	pid_t pid = 0;

	if (fd < 0)
		return 0;
	if (!fstat(fd, &status) && header.end == TRACE_END_UNKNOWN &&
	    process_alive(header.pid, path, &status))
		pid = header.pid;
	close(fd);
	return pid;
}

void trace_directory_writers(const struct trace_directory *directory, struct trace_writers *writers)
{
	*writers = (struct trace_writers){ 0 };
	for (size_t i = 0; i < directory->count; i++) {
		pid_t pid = writer_of(directory->traces[i]);

		writers->count += pid > 0;
		if (pid > 0 && (!writers->first || pid < writers->first))
			writers->first = pid;
	}
}

uint64_t trace_directory_bytes(const struct trace_directory *directory)
{
	uint64_t bytes = 0;
	struct stat status;

	for (size_t i = 0; i < directory->count; i++)
		if (!lstat(directory->traces[i], &status))
			bytes += (uint64_t)status.st_blocks * 512;
	return bytes;
}

static void remove_trace(const char *path, void *unused)
{
	(void)unused;
	unlink(path);
}

void trace_directory_remove(const struct trace_directory *directory)
{
	if (!directory->is_private)
		return;
	visit_traces(directory, remove_trace, NULL);
	rmdir(directory->path);
}

void trace_directory_close(struct trace_directory *directory)
{
	for (size_t i = 0; i < directory->count; i++)
		free(directory->traces[i]);
	free(directory->traces);
}

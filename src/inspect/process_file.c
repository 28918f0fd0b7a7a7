#include "process_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ancestor.h"
#include "core_file.h"

static bool access_is_refused(void)
{
	return errno == EACCES || errno == EPERM;
}

/* `path` contains a %d for the process. */
static int open_file(const char *path, pid_t pid, enum ancestor_wish wish)
{
	char name[64];
	int fd, error;

	snprintf(name, sizeof name, path, (int)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 || !access_is_refused())
		return fd;
	error = errno;
	fd = ancestor_open(wish, pid, NULL);
	errno = error;
	return fd;
}

FILE *process_maps(pid_t pid)
{
	int fd = open_file("/proc/%d/maps", pid, ANCESTOR_MAPS);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

static bool process_read_text(pid_t pid, pid_t tid, const char *name, char *text, size_t size)
{
	char path[96];
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)pid, (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, size - 1);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

bool process_text(pid_t pid, pid_t tid, const char *name, char *text, size_t size)
{
	/* Set after a refusal: the kernel then answers "0" for a thread's wait channel. */
	static bool by_ancestor;

	if (!strcmp(name, "wchan") && by_ancestor)
		return ancestor_read(ANCESTOR_CHANNEL, pid, tid, text, size);
	if (process_read_text(pid, tid, name, text, size))
		return true;
	if (strcmp(name, "syscall") != 0 || !access_is_refused() ||
	    !ancestor_read(ANCESTOR_SYSTEM_CALL, pid, tid, text, size))
		return false;
	by_ancestor = true;
	return true;
}

bool process_memory_open(struct process_memory *memory, pid_t pid)
{
	memory->core = NULL;
	memory->fd = open_file("/proc/%d/mem", pid, ANCESTOR_MEMORY);
	return memory->fd >= 0;
}

void process_memory_close(struct process_memory *memory)
{
	if (memory->fd >= 0)
		close(memory->fd);
	memory->fd = -1;
	memory->core = NULL;
}

size_t process_memory_read(const struct process_memory *memory, uint64_t address, void *to,
			   size_t size)
{
	ssize_t got;

	if (memory->core)
		return core_file_read(memory->core, address, to, size);
	got = memory->fd < 0 ? -1 : pread(memory->fd, to, size, (off_t)address);
	return got > 0 ? (size_t)got : 0;
}

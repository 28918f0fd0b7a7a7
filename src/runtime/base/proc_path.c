#include "proc_path.h"

#include <fcntl.h>
#include <string.h>

#include "system_call.h"

void proc_path(char path[PROC_PATH_ROOM], const char *prefix, unsigned number, const char *rest)
{
	char digits[12];
	size_t count = 0, at = (size_t)(stpcpy(path, prefix) - path);

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (count)
		path[at++] = digits[--count];
	strcpy(path + at, rest);
}

void proc_read_name(const char *prefix, int32_t number, char name[TRACE_NAME_SIZE])
{
	char path[PROC_PATH_ROOM];
	long fd, size;

	proc_path(path, prefix, (unsigned)number, "/comm");
	fd = system_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (fd < 0)
		return;
	size = system_call(SYS_read, fd, (long)name, TRACE_NAME_SIZE - 1, 0, 0, 0);
	system_call(SYS_close, fd, 0, 0, 0, 0, 0);
	name[size > 0 && name[size - 1] == '\n' ? size - 1 : size > 0 ? size : 0] = '\0';
}

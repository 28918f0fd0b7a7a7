#include "own_path.h"

#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

bool own_path(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	const char *started;

	if (length > 0) {
		path[length] = '\0';
		return true;
	}
	/* As it was named to execve(2), which may be relative to the present directory. */
	started = (const char *)getauxval(AT_EXECFN);
	return started && realpath(started, path);
}

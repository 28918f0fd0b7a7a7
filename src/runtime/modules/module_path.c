#include "module_path.h"

#include <string.h>
#include <sys/auxv.h>

#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"

static char path[4096 + 512];

bool module_path_is_plain(const char *loader_name)
{
	return loader_name[0] && (loader_name[0] == '/' || !strchr(loader_name, '/'));
}

/* Best effort: `name` itself if the current directory is not available. */
static const char *module_path_absolute(const char *name)
{
	size_t size = strlen(name) + 1;
	long used;

	if (name[0] == '/' || runtime_silent)
		return name;
	/* The result counts the NUL; an unreachable directory begins with "(unreachable)". */
	used = system_call(SYS_getcwd, (long)path, sizeof path, 0, 0, 0, 0);
	if (used <= 0 || path[0] != '/' || (size_t)used + size > sizeof path)
		return name;
	while (!strncmp(name, "./", 2))
		name += 2;
	if (path[used - 2] != '/')
		path[used - 1] = '/';
	else
		used--;
	memcpy(path + used, name, strlen(name) + 1);
	return path;
}

/*
 * For "ld.so PROGRAM" the kernel knows only ld.so, which writes the program's name into the
 * auxiliary vector (glibc, elf/rtld.c).
 */
static bool is_loader(const char *executable)
{
	const char *name = strrchr(executable, '/');

	return name && (!strncmp(name, "/ld-linux", 9) || !strncmp(name, "/ld.so", 6));
}

static const char *program_path(void)
{
	const char *started_as = (const char *)getauxval(AT_EXECFN);
	long used = system_call(SYS_readlink, (long)"/proc/self/exe", (long)path, sizeof path - 1,
				0, 0, 0);

	if (used > 0) {
		path[used] = '\0';
		if (!is_loader(path))
			return path;
	}
	return started_as ? module_path_absolute(started_as) : "";
}

const char *module_path(const char *loader_name, bool is_program)
{
	return is_program ? program_path() : module_path_absolute(loader_name);
}

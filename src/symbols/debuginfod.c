#include "debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debuginfod_child.h"
#include "support/library.h"

struct debuginfod_client;

/* As declared in elfutils/debuginfod.h. */
static struct {
	struct debuginfod_client *(*begin)(void);
	int (*find)(struct debuginfod_client *client, const unsigned char *build_id, int size,
		    char **path);
	void (*end)(struct debuginfod_client *client);
	bool looked_for;
} library;

static bool debuginfod_load(void)
{
	void *handle;

	if (library.looked_for)
		return library.end;
	library.looked_for = true;
	handle = dlopen("libdebuginfod.so.1", RTLD_LAZY);
	return handle && library_symbol(handle, "debuginfod_begin", &library.begin) &&
	       library_symbol(handle, "debuginfod_find_debuginfo", &library.find) &&
	       library_symbol(handle, "debuginfod_end", &library.end);
}

bool debuginfod_is_wanted(void)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	return urls && *urls;
}

bool debuginfod_is_missing(void)
{
	return debuginfod_is_wanted() && !debuginfod_load() && !debuginfod_child_is_there();
}

static int open_by_child(struct elf_file *file, const uint8_t *build_id, size_t build_id_size)
{
	char path[PATH_MAX];
	int error = debuginfod_child_find(path, build_id, build_id_size);

	return error ? error : elf_file_open(file, path);
}

int debuginfod_open(struct elf_file *file, const uint8_t *build_id, size_t build_id_size)
{
	struct debuginfod_client *client;
	int fd, error = -ENOENT;
	char *path = NULL;

	if (!build_id_size || !debuginfod_is_wanted())
		return -ENOSYS;
	if (!debuginfod_load())
		return open_by_child(file, build_id, build_id_size);
	client = library.begin();
	if (!client)
		return -ENOSYS;
	fd = library.find(client, build_id, (int)build_id_size, &path);
	if (fd >= 0) {
		error = elf_file_open(file, path);
		close(fd);
	}
	free(path);
	library.end(client);
	return error;
}

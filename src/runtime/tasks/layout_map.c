#include "layout_map.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "runtime/base/compiler.h"
#include "runtime/base/memory.h"
#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "shared/layout_path.h"

#define LARGEST (64L << 20)

static char directory[OPTION_PATH_SIZE];

void layout_map_init(void)
{
	if (*runtime_options.layouts)
		memcpy(directory, runtime_options.layouts, sizeof directory);
	else
		layout_directory(directory, sizeof directory, getenv("XDG_CACHE_HOME"),
				 getenv("HOME"));
}

static bool layout_file_is_ours(const struct stat *status)
{
	return S_ISREG(status->st_mode) &&
	       status->st_uid == (uid_t)system_call(SYS_geteuid, 0, 0, 0, 0, 0, 0) &&
	       status->st_size > 0 && status->st_size < LARGEST;
}

/* These files are replaced as a whole, never modified, so the mapping does not change. */
static const void *layout_map_file(const char *path, size_t *size)
{
	long fd = system_call(SYS_open, (long)path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
			      0, 0, 0, 0);
	struct stat status;
	long map = -1;

	if (fd < 0)
		return NULL;
	if (!system_call(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) &&
	    layout_file_is_ours(&status)) {
		*size = (size_t)status.st_size;
		map = system_call(SYS_mmap, 0, (long)*size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	system_call(SYS_close, fd, 0, 0, 0, 0, 0);
	return map < 0 && map > -MEMORY_PAGE ? NULL : (const void *)map;
}

static bool layout_is_of_loaded(const struct layout *layout, const struct module *module)
{
	return layout->header->build_id_size == module->build_id_size &&
	       !memcmp(layout->header->build_id, module->build_id, module->build_id_size);
}

bool layout_map(struct mapped_layout *layout, const struct module *module)
{
	char path[OPTION_PATH_SIZE + 128];
	const void *table;
	size_t size = 0;

	memset(layout, 0, sizeof *layout);
	if (runtime_silent ||
	    !layout_path(path, sizeof path, directory, module->build_id, module->build_id_size))
		return false;
	table = layout_map_file(path, &size);
	if (!table)
		return false;
	if (!layout_read(&layout->table, table, size) &&
	    layout_is_of_loaded(&layout->table, module))
		layout->doubts = memory_map(layout_count(&layout->table, LAYOUT_VALUES) + 1);
	if (layout->doubts)
		return true;
	memset(layout, 0, sizeof *layout);
	system_call(SYS_munmap, (long)table, (long)size, 0, 0, 0, 0);
	return false;
}

void layout_unmap(struct mapped_layout *layout)
{
	const struct layout_header *header = layout->table.header;

	if (header) {
		system_call(SYS_munmap, (long)layout->doubts,
			    layout_count(&layout->table, LAYOUT_VALUES) + 1, 0, 0, 0, 0);
		system_call(SYS_munmap, (long)header, (long)header->size, 0, 0, 0, 0);
	}
	memset(layout, 0, sizeof *layout);
}

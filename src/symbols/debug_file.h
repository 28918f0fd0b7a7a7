/* Where debug information lies when it is not in the object itself: gdb's two conventions. */
#ifndef DEBUG_INFO_DEBUG_FILE_H
#define DEBUG_INFO_DEBUG_FILE_H

#include "elf_file.h"

#define DEBUG_FILE_ROOT "/usr/lib/debug"

/*
 * ROOT/.build-id/ab/cdef.debug for a build-id, then for the .gnu_debuglink of `object` (which may
 * be closed: elf NULL) the name it gives in the directory of `path`, in its .debug, and under ROOT.
 * What is found must have the build-id, or where there is none the check sum of the link. -ENOENT
 * when there is none.
 */
int debug_file_open(struct elf_file *file, const struct elf_file *object, const char *path,
		    const uint8_t *build_id, size_t build_id_size, const char *root);

#endif

/* Locates debug information outside the object: gdb's two conventions. */
#ifndef DEBUG_INFO_DEBUG_FILE_H
#define DEBUG_INFO_DEBUG_FILE_H

#include "elf_file.h"

#define DEBUG_FILE_ROOT "/usr/lib/debug"

/*
 * Tries ROOT/.build-id/ab/cdef.debug for a build-id, then the name in the .gnu_debuglink of
 * `object` (which may be closed: elf NULL), in the directory of `path`, in its .debug, and under
 * ROOT. The file must match the build-id, or without one the link's checksum. -ENOENT if there is
 * none.
 */
int debug_file_open(struct elf_file *file, const struct elf_file *object, const char *path,
		    const uint8_t *build_id, size_t build_id_size, const char *root);

#endif

/* Layouts of files that were read before, by build-id, below the user's cache directory. */
#ifndef DEBUG_INFO_LAYOUT_CACHE_H
#define DEBUG_INFO_LAYOUT_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False when the environment names none. */
bool layout_cache_directory(char path[PATH_MAX]);

/* The table, to be freed; NULL when there is none. */
void *layout_cache_read(const uint8_t *build_id, size_t build_id_size, size_t *size);

/* What cannot be written is not cached: nobody needs to be told. */
void layout_cache_write(const uint8_t *build_id, size_t build_id_size, const void *table,
			size_t size);

#endif

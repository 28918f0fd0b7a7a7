/* Cache of layouts by build-id, in the user's cache directory. */
#ifndef DEBUG_INFO_LAYOUT_CACHE_H
#define DEBUG_INFO_LAYOUT_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False if the environment names none. */
bool layout_cache_directory(char path[PATH_MAX]);

/* The table, which the caller frees; NULL if there is none. */
void *layout_cache_read(const uint8_t *build_id, size_t build_id_size, size_t *size);

/* Ignores errors: a file that cannot be written is not cached. */
void layout_cache_write(const uint8_t *build_id, size_t build_id_size, const void *table,
			size_t size);

#endif

/*
 * Where the layout of a file is cached: below the user's cache directory, by build-id. Linked into
 * both sides: no allocation, no I/O.
 */
#ifndef SHARED_LAYOUT_PATH_H
#define SHARED_LAYOUT_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The directory, by the XDG Base Directory Specification, from $XDG_CACHE_HOME and $HOME, either of
 * which may be NULL. False if there is none, or it does not fit.
 */
bool layout_directory(char *path, size_t size, const char *cache, const char *home);

/* DIRECTORY/<build-id>.layout */
bool layout_path(char *path, size_t size, const char *directory, const uint8_t *build_id,
		 size_t build_id_size);

#endif

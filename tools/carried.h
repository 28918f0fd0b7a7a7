/*
 * Files inside the command: the self test's program, and in the static command libyieldsan.so, so
 * that one file is the whole tool.
 */
#ifndef TOOLS_CARRIED_H
#define TOOLS_CARRIED_H

#include <limits.h>
#include <stdbool.h>

/* Whether this command has the library inside. */
bool carried_library_is_there(void);

/*
 * Writes the library to the cache, or to the first directory from which it can be loaded; what is
 * there and equal is used as it is. False: `why` has a phrase that names the last place.
 */
bool carried_library_path(char path[PATH_MAX], char why[PATH_MAX + 128]);

/*
 * Since glibc 2.34 libdl.so.2 and libpthread.so.0 are empty, and an image that was made of what its
 * programs need lacks them. Writes an empty library of that name, as above. False: it cannot, or
 * the name is another one.
 */
bool carried_empty_library(const char *name, char path[PATH_MAX]);

/*
 * Opens the self test's program to be executed by `path`, in `directory` if nothing better serves.
 * Returns a descriptor for the caller to close once it has run, or -errno.
 */
int carried_program_open(char path[PATH_MAX], const char *directory);

#endif

/* Where this command's own file is. */
#ifndef TOOLS_OWN_PATH_H
#define TOOLS_OWN_PATH_H

#include <limits.h>
#include <stdbool.h>

/* Absolute; false: it cannot be found. Works without /proc, as long as the file was not renamed. */
bool own_path(char path[PATH_MAX]);

#endif

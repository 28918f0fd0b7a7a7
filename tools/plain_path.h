/* Paths for programs that split lists at blanks and colons: ld.so(8), cargo. */
#ifndef TOOLS_PLAIN_PATH_H
#define TOOLS_PLAIN_PATH_H

#include <limits.h>
#include <stdbool.h>

/*
 * `path` itself, or if it contains a blank, a colon or a `$`, a link to it in a directory of the
 * caller's in /tmp. The link stays, because processes of a run may outlive the command. False with
 * errno.
 */
bool plain_path(char plain[PATH_MAX], const char *path);

#endif

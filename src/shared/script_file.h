/* Whose code a file of an interpreter is: the marks that tell without reading anything else. */
#ifndef SHARED_SCRIPT_FILE_H
#define SHARED_SCRIPT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/trace_format.h"

/*
 * Whether a file belongs to the interpreter itself or to an installed package, or is no file:
 * generated code. The same marks as the report's (frames/frame_owner.c), without its exceptions.
 */
bool script_file_is_library(enum script_language language, const char *file, size_t length);

#endif

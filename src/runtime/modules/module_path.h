/* Finds the path of a module's file from the loader's name of it. */
#ifndef RUNTIME_MODULE_PATH_H
#define RUNTIME_MODULE_PATH_H

#include <stdbool.h>

/* Whether the name is already a full path, or not a file ("linux-vdso.so.1"). */
bool module_path_is_plain(const char *loader_name);

/* The full path, valid until the next call. Not reentrant: for modules_scan. */
const char *module_path(const char *loader_name, bool is_program);

#endif

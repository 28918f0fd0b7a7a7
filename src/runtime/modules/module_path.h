/* What a module's file is called, from what the loader calls it. */
#ifndef RUNTIME_MODULE_PATH_H
#define RUNTIME_MODULE_PATH_H

#include <stdbool.h>

/* It is a full path already, or no file at all ("linux-vdso.so.1"). */
bool module_path_is_plain(const char *loader_name);

/* The full path; good until the next call. Not reentrant: for modules_scan. */
const char *module_path(const char *loader_name, bool is_program);

#endif

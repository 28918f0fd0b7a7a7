/*
 * Split debug information that was packed into one file (.dwp), as rustc and dwp(1) make it.
 * elfutils reads it from 0.191 on, and not what rustc makes by default: each unit is given to libdw
 * as the .dwo file that it was. One whose name is shorter than "/dev/fd/NN" cannot be given so.
 */
#ifndef DEBUG_INFO_DWP_H
#define DEBUG_INFO_DWP_H

#include <elfutils/libdw.h>

#include "elf_file.h"

/* The file's debug information, with what lies in a .dwp beside it. To be ended before the file is
 * closed. NULL: it has none. */
Dwarf *dwp_begin(const struct elf_file *file);

#endif

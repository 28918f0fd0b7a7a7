/*
 * Split debug information packed into one file (.dwp), as rustc and dwp(1) write it. elfutils reads
 * it only from 0.191 on, and not the form that rustc writes by default: so pass each unit to libdw
 * as its original .dwo file. Impossible for a unit whose name is shorter than "/dev/fd/NN".
 */
#ifndef DEBUG_INFO_DWP_H
#define DEBUG_INFO_DWP_H

#include <elfutils/libdw.h>

#include "elf_file.h"

/* The file's debug information, including that in a .dwp beside it. End it before closing the file.
 * NULL: none. */
Dwarf *dwp_begin(const struct elf_file *file);

#endif

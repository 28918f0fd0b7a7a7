/*
 * The symbols embedded in a stripped program, xz-compressed: .gnu_debugdata (gdb manual,
 * "MiniDebugInfo"). Fedora's programs have it.
 */
#ifndef DEBUG_INFO_MINI_DEBUG_H
#define DEBUG_INFO_MINI_DEBUG_H

#include "elf_file.h"

/* -ENOENT if the object has none, or liblzma cannot read it. */
int mini_debug_open(struct elf_file *file, const struct elf_file *object);

#endif

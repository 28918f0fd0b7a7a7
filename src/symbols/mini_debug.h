/*
 * The symbols that a stripped program carries along, compressed by xz: .gnu_debugdata (gdb manual,
 * "MiniDebugInfo"). Fedora's have it.
 */
#ifndef DEBUG_INFO_MINI_DEBUG_H
#define DEBUG_INFO_MINI_DEBUG_H

#include "elf_file.h"

/* -ENOENT where the object has none, or liblzma cannot read it. */
int mini_debug_open(struct elf_file *file, const struct elf_file *object);

#endif

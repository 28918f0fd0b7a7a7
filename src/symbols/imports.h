/*
 * The function of another object that a call names. A library's exported function that ends in a
 * jump to a static one has no frame, and the static one has no name in a stripped library: the
 * caller's code still has the name.
 */
#ifndef SYMBOLS_IMPORTS_H
#define SYMBOLS_IMPORTS_H

#include <stdint.h>

#include "elf_file.h"

/* From the call before a return address (as linked); NULL if it names none. In the file's memory.
 */
const char *import_called(const struct elf_file *file, uint64_t return_address);

#endif

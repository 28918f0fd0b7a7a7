/* An ELF file as the loader sees it: addresses and program headers. Section headers
 * may be missing. */
#ifndef TOOLS_ELF_IMAGE_H
#define TOOLS_ELF_IMAGE_H

#include "symbols/elf_file.h"

/* The file's bytes for an address, and how many follow in its segment; NULL if none. */
const char *elf_image_at(const struct elf_file *file, uint64_t address, size_t *left);

/* The string there; NULL if it does not end within its segment. */
const char *elf_image_string(const struct elf_file *file, uint64_t address);

/* For gelf_getdyn; NULL if it has none. */
Elf_Data *elf_image_dynamic(const struct elf_file *file);

/* The first segment of a type; false if there is none. */
bool elf_image_segment(const struct elf_file *file, uint32_t type, GElf_Phdr *segment);

#endif

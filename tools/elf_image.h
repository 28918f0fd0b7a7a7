/* An ELF file as the loader sees it: by addresses and program headers. Section headers may be gone.
 */
#ifndef TOOLS_ELF_IMAGE_H
#define TOOLS_ELF_IMAGE_H

#include "symbols/elf_file.h"

/* What the file holds for an address, and how many bytes of its segment follow; NULL when nothing.
 */
const char *elf_image_at(const struct elf_file *file, uint64_t address, size_t *left);

/* The string there; NULL when it does not end within its segment. */
const char *elf_image_string(const struct elf_file *file, uint64_t address);

/* For gelf_getdyn; NULL when it has none. */
Elf_Data *elf_image_dynamic(const struct elf_file *file);

/* The first segment of a type; false when there is none. */
bool elf_image_segment(const struct elf_file *file, uint32_t type, GElf_Phdr *segment);

#endif

#include "elf_image.h"

#include <string.h>

const char *elf_image_at(const struct elf_file *file, uint64_t address, size_t *left)
{
	size_t count = 0, size = 0;
	const char *bytes = elf_rawfile(file->elf, &size);
	GElf_Phdr segment;
	uint64_t within;

	if (!bytes || elf_getphdrnum(file->elf, &count))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(file->elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
			continue;
		within = address - segment.p_vaddr;
		if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset)
			return NULL;
		*left = segment.p_filesz - within;
		return bytes + segment.p_offset + within;
	}
	return NULL;
}

const char *elf_image_string(const struct elf_file *file, uint64_t address)
{
	size_t left = 0;
	const char *text = elf_image_at(file, address, &left);

	return text && memchr(text, '\0', left) ? text : NULL;
}

bool elf_image_segment(const struct elf_file *file, uint32_t type, GElf_Phdr *segment)
{
	size_t count = 0;

	if (elf_getphdrnum(file->elf, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(file->elf, (int)i, segment) && segment->p_type == type)
			return true;
	return false;
}

Elf_Data *elf_image_dynamic(const struct elf_file *file)
{
	GElf_Phdr segment;

	if (!elf_image_segment(file, PT_DYNAMIC, &segment))
		return NULL;
	return elf_getdata_rawchunk(file->elf, (int64_t)segment.p_offset, segment.p_filesz,
				    ELF_T_DYN);
}

#include "dwp.h"

#include <dwarf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/memory.h"
#include "shared/arch/arch.h"

#define MAX_SECTION_NUMBERS 9 /* the numbers are smaller */

/* Section numbers of an index: of DWARF 5 (7.3.5.3), and of the older format (the GCC wiki's
 * DebugFissionDWP). */
static const char *const names_of_5[MAX_SECTION_NUMBERS] = {
	[1] = ".debug_info.dwo",     [3] = ".debug_abbrev.dwo",	     [4] = ".debug_line.dwo",
	[5] = ".debug_loclists.dwo", [6] = ".debug_str_offsets.dwo", [7] = ".debug_macro.dwo",
	[8] = ".debug_rnglists.dwo",
};
static const char *const names_of_2[MAX_SECTION_NUMBERS] = {
	[1] = ".debug_info.dwo",    [2] = ".debug_types.dwo", [3] = ".debug_abbrev.dwo",
	[4] = ".debug_line.dwo",    [5] = ".debug_loc.dwo",   [6] = ".debug_str_offsets.dwo",
	[7] = ".debug_macinfo.dwo", [8] = ".debug_macro.dwo",
};

#define STRING_OFFSETS	      6
#define STRINGS		      ".debug_str.dwo"
#define STRING_OFFSETS_5_HEAD 8 /* header size: DWARF 5 (7.26) */

struct part {
	const unsigned char *bytes;
	size_t size;
};

/* The offsets of each unit's parts. The file's integers are in native byte order. */
struct dwp {
	struct elf_file file;
	const char *const *names;
	uint32_t version, columns, units, slots;
	const unsigned char *signatures, *rows, *numbers, *offsets, *sizes;
	struct part sections[MAX_SECTION_NUMBERS], strings;
};

static uint32_t word_at(const unsigned char *bytes, size_t index)
{
	uint32_t word;

	memcpy(&word, bytes + index * sizeof word, sizeof word);
	return word;
}

static struct part section_of(const struct elf_file *file, const char *name)
{
	Elf_Scn *section = NULL;
	Elf_Data *data = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names))
		return (struct part){ NULL, 0 };
	while ((section = elf_nextscn(file->elf, section))) {
		const char *own = gelf_getshdr(section, &header)
					  ? elf_strptr(file->elf, names, header.sh_name)
					  : NULL;

		if (!own || strcmp(own, name))
			continue;
		if (header.sh_flags & SHF_COMPRESSED && elf_compress(section, 0, 0) < 0)
			break;
		data = elf_rawdata(section, NULL);
		break;
	}
	return data && data->d_buf ? (struct part){ data->d_buf, data->d_size }
				   : (struct part){ NULL, 0 };
}

/* Checks that the index's contents lie within it. */
static bool read_index(struct dwp *dwp, struct part index)
{
	const unsigned char *at = index.bytes;
	uint64_t needed;

	if (index.size < 4 * sizeof(uint32_t))
		return false;
	dwp->version = at[0] | at[1] << 8; /* in DWARF 5 two bytes, then two of padding */
	dwp->columns = word_at(at, 1);
	dwp->units = word_at(at, 2);
	dwp->slots = word_at(at, 3);
	needed = 16 + (uint64_t)dwp->slots * 12 + (uint64_t)dwp->columns * 4 +
		 (uint64_t)dwp->units * dwp->columns * 8;
	if ((dwp->version != 2 && dwp->version != 5) || dwp->columns >= MAX_SECTION_NUMBERS ||
	    needed > index.size)
		return false;
	dwp->names = dwp->version == 2 ? names_of_2 : names_of_5;
	dwp->signatures = at + 16;
	dwp->rows = dwp->signatures + (size_t)dwp->slots * 8;
	dwp->numbers = dwp->rows + (size_t)dwp->slots * 4;
	dwp->offsets = dwp->numbers + (size_t)dwp->columns * 4;
	dwp->sizes = dwp->offsets + (size_t)dwp->units * dwp->columns * 4;
	return true;
}

static bool open_beside(struct dwp *dwp, const struct elf_file *file)
{
	char link[32], path[PATH_MAX];
	const char *ident;
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", file->fd);
	length = file->fd >= 0 ? readlink(link, path, sizeof path - sizeof ".dwp") : -1;
	if (length <= 0)
		return false;
	strcpy(path + length, ".dwp");
	if (elf_file_open(&dwp->file, path))
		return false;
	ident = elf_getident(dwp->file.elf, NULL);
	if (ident && ident[EI_DATA] == ELFDATA2LSB &&
	    read_index(dwp, section_of(&dwp->file, ".debug_cu_index"))) {
		for (int i = 0; i < MAX_SECTION_NUMBERS; i++)
			if (dwp->names[i])
				dwp->sections[i] = section_of(&dwp->file, dwp->names[i]);
		dwp->strings = section_of(&dwp->file, STRINGS);
		return true;
	}
	elf_file_close(&dwp->file);
	return false;
}

/* The unit's row, from 0; UINT32_MAX: missing. The index is a hash table by unit id. */
static uint32_t dwp_row(const struct dwp *dwp, uint64_t id)
{
	const uint32_t mask = dwp->slots - 1, step = (uint32_t)(id >> 32 & mask) | 1;
	uint32_t slot = (uint32_t)id & mask, row = 1;

	for (uint32_t i = 0; i < dwp->slots && row; i++, slot = (slot + step) & mask) {
		uint64_t signature;

		memcpy(&signature, dwp->signatures + (size_t)slot * 8, sizeof signature);
		row = word_at(dwp->rows, slot);
		if (signature == id && row && row <= dwp->units)
			return row - 1;
	}
	return UINT32_MAX;
}

static struct part part_of(const struct dwp *dwp, uint32_t row, uint32_t column, uint32_t number)
{
	const size_t at = (size_t)row * dwp->columns + column;
	const struct part *section = &dwp->sections[number];
	uint32_t offset = word_at(dwp->offsets, at), size = word_at(dwp->sizes, at);

	if (offset > section->size || size > section->size - offset)
		return (struct part){ NULL, 0 };
	return (struct part){ section->bytes + offset, size };
}

struct strings_copy {
	uint32_t *offsets; /* a copy of the unit's offsets, into `text` */
	char *text;
	size_t size;
};

/* The strings of all units share a section: extract those of this unit, as in a .dwo. */
static void copy_strings(const struct dwp *dwp, struct part offsets, struct strings_copy *copy)
{
	const size_t head = dwp->version == 5 ? STRING_OFFSETS_5_HEAD / sizeof(uint32_t) : 0;
	const size_t count = offsets.size / sizeof(uint32_t);
	size_t used = 0;
	FILE *text = open_memstream(&copy->text, &copy->size);

	copy->offsets = memory_get(offsets.size + sizeof(uint32_t));
	memcpy(copy->offsets, offsets.bytes, offsets.size);
	if (!text)
		memory_exhausted();
	for (size_t i = head; i < count; i++) {
		uint32_t from = copy->offsets[i];
		const char *string = (const char *)dwp->strings.bytes + from;
		size_t length = 0;

		if (from < dwp->strings.size)
			length = strnlen(string, dwp->strings.size - from);
		/* Compilers never write a string twice in a unit. */
		if (used > UINT32_MAX - length - 1 || used > dwp->strings.size + count)
			length = 0;
		copy->offsets[i] = (uint32_t)used;
		used += fwrite(string, 1, length, text) + 1;
		fputc('\0', text);
	}
	fclose(text);
}

/* Section names, one after another. */
struct names {
	char text[256];
	size_t size;
};

/* Its number; 0 if out of memory. */
static size_t dwp_add_section(Elf *elf, struct names *names, const char *name, struct part part)
{
	Elf_Scn *section = elf_newscn(elf);
	Elf_Data *data = section ? elf_newdata(section) : NULL;
	GElf_Shdr header;

	if (!data || !gelf_getshdr(section, &header))
		return 0;
	header.sh_name = (GElf_Word)names->size;
	header.sh_type = *name ? SHT_PROGBITS : SHT_STRTAB;
	header.sh_addralign = 1;
	gelf_update_shdr(section, &header);
	data->d_buf = (void *)part.bytes;
	data->d_size = part.size;
	data->d_type = ELF_T_BYTE;
	data->d_align = 1;
	strcpy(names->text + names->size, name);
	names->size += strlen(name) + 1;
	return elf_ndxscn(section);
}

static bool write_unit(const struct dwp *dwp, uint32_t row, Elf *elf)
{
	struct strings_copy copy = { 0 };
	struct names names = { .size = 1 };
	GElf_Ehdr header;
	bool written;

	if (!gelf_newehdr(elf, ELFCLASS64) || !gelf_getehdr(elf, &header))
		return false;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_type = ET_REL;
	header.e_machine = ARCH_ELF_MACHINE;
	header.e_version = EV_CURRENT;
	for (uint32_t i = 0; i < dwp->columns; i++) {
		uint32_t number = word_at(dwp->numbers, i);
		struct part part;

		if (number >= MAX_SECTION_NUMBERS || !dwp->names[number])
			continue;
		part = part_of(dwp, row, i, number);
		if (number == STRING_OFFSETS && !copy.text) {
			copy_strings(dwp, part, &copy);
			part.bytes = (const unsigned char *)copy.offsets;
		}
		if (part.size)
			dwp_add_section(elf, &names, dwp->names[number], part);
	}
	if (copy.size)
		dwp_add_section(elf, &names, STRINGS,
				(struct part){ (const unsigned char *)copy.text, copy.size });
	header.e_shstrndx = (GElf_Half)dwp_add_section(
		elf, &names, "",
		(struct part){ (const unsigned char *)names.text, sizeof names.text });
	written = gelf_update_ehdr(elf, &header) && elf_update(elf, ELF_C_WRITE) > 0;
	free(copy.offsets);
	free(copy.text);
	return written;
}

static bool make_file(const struct dwp *dwp, uint32_t row, int fd)
{
	Elf *elf = elf_begin(fd, ELF_C_WRITE, NULL);
	bool written = elf && write_unit(dwp, row, elf);

	if (elf)
		elf_end(elf);
	return written;
}

/* libdw opens the file that a unit names when it first needs it: for that moment replace the name
 * by ours. Strings lie in a private mapping of this process. */
static void link_unit(const struct dwp *dwp, Dwarf_Die *unit, uint32_t row)
{
	char path[32], former[sizeof path];
	Dwarf_Attribute attribute;
	Dwarf_Die split;
	char *name;
	int fd;

	if (!dwarf_attr(unit, DW_AT_dwo_name, &attribute) &&
	    !dwarf_attr(unit, DW_AT_GNU_dwo_name, &attribute))
		return;
	name = (char *)dwarf_formstring(&attribute);
	fd = name ? memfd_create("dwo", MFD_CLOEXEC) : -1;
	if (fd < 0)
		return;
	snprintf(path, sizeof path, "/dev/fd/%d", fd);
	if (strlen(name) >= strlen(path) && make_file(dwp, row, fd)) {
		memcpy(former, name, strlen(path) + 1);
		strcpy(name, path);
		dwarf_cu_info(unit->cu, NULL, NULL, NULL, &split, NULL, NULL, NULL);
		memcpy(name, former, strlen(path) + 1);
	}
	close(fd);
}

static void link_units(const struct dwp *dwp, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;
	Dwarf_Die unit;

	while (!dwarf_get_units(dwarf, cu, &cu, NULL, &type, &unit, NULL)) {
		uint64_t id;
		uint32_t row;

		if (type != DW_UT_skeleton ||
		    dwarf_cu_info(cu, NULL, NULL, NULL, NULL, &id, NULL, NULL))
			continue;
		row = dwp_row(dwp, id);
		if (row != UINT32_MAX)
			link_unit(dwp, &unit, row);
	}
}

Dwarf *dwp_begin(const struct elf_file *file)
{
	Dwarf *dwarf = file->elf ? dwarf_begin_elf(file->elf, DWARF_C_READ, NULL) : NULL;
	struct dwp dwp = { 0 };

	if (dwarf && open_beside(&dwp, file)) {
		link_units(&dwp, dwarf);
		elf_file_close(&dwp.file);
	}
	return dwarf;
}

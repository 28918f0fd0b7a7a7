#include "imports.h"

#include <string.h>

#include "shared/arch/code_shapes.h"

#define MAX_SEGMENTS 256

/* Bytes of the file's code; false if they are not all in one segment. */
static bool code_read(const struct elf_file *file, uint64_t address, uint8_t *code, size_t size)
{
	size_t count = 0, file_size = 0;
	const char *bytes = elf_rawfile(file->elf, &file_size);
	GElf_Phdr segment;

	if (!bytes || elf_getphdrnum(file->elf, &count))
		return false;
	for (size_t i = 0; i < count && i < MAX_SEGMENTS; i++) {
		if (!gelf_getphdr(file->elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    !(segment.p_flags & PF_X) || address < segment.p_vaddr ||
		    address - segment.p_vaddr > segment.p_filesz ||
		    size > segment.p_filesz - (address - segment.p_vaddr) ||
		    segment.p_offset > file_size || segment.p_filesz > file_size - segment.p_offset)
			continue;
		memcpy(code, bytes + segment.p_offset + (address - segment.p_vaddr), size);
		return true;
	}
	return false;
}

static const char *symbol_of_relocation(const struct elf_file *file, const GElf_Shdr *header,
					const GElf_Rela *relocation)
{
	Elf_Scn *section = elf_getscn(file->elf, header->sh_link);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Shdr symbols;
	GElf_Sym symbol;

	if (!data || !gelf_getshdr(section, &symbols) ||
	    !gelf_getsym(data, (int)GELF_R_SYM(relocation->r_info), &symbol) || !symbol.st_name)
		return NULL;
	return elf_strptr(file->elf, symbols.sh_link, symbol.st_name);
}

/* The symbol whose address the loader writes there. */
static const char *symbol_of_slot(const struct elf_file *file, uint64_t slot)
{
	Elf_Scn *section = NULL;
	GElf_Rela relocation;
	GElf_Shdr header;
	Elf_Data *data;

	while ((section = elf_nextscn(file->elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
		    !(header.sh_flags & SHF_ALLOC) || !header.sh_entsize)
			continue;
		data = elf_getdata(section, NULL);
		for (size_t i = 0; data && i < data->d_size / header.sh_entsize; i++)
			if (gelf_getrela(data, (int)i, &relocation) && relocation.r_offset == slot)
				return symbol_of_relocation(file, &header, &relocation);
	}
	return NULL;
}

const char *import_called(const struct elf_file *file, uint64_t return_address)
{
	uint8_t call[CODE_BEFORE_RETURN], stub[CODE_STUB_SIZE];
	uint64_t target;
	bool is_slot;

	if (return_address < sizeof call ||
	    !code_read(file, return_address - sizeof call, call, sizeof call) ||
	    !code_call_target(call, return_address, &target, &is_slot))
		return NULL;
	if (!is_slot)
		target = code_read(file, target, stub, sizeof stub) ? code_stub_slot(stub, target)
								    : 0;
	return target ? symbol_of_slot(file, target) : NULL;
}

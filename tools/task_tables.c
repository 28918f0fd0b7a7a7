#include "task_tables.h"

#include <string.h>

#include "symbols/elf_file.h"
#include "support/memory.h"
#include "elf_image.h"
#include "shared/tokio_scan.h"
#include "shared/arch/arch.h"

/* tokio::runtime::task::raw::poll, in both Rust manglings. */
#define POLL_SYMBOL "5tokio7runtime4task3raw4poll"
/* async_task::raw::RawTask, whose functions are in its vtable. */
#define ASYNC_TASK_SYMBOL "10async_task3raw"

/* block_on and pools of other crates, or what is left of them once they are inlined. */
static bool is_block_on(const char *name)
{
	static const char *const parts[] = {
		"16futures_executor10local_pool12run_executor",
		"16futures_executor5enter7ENTERED",
		"12futures_lite6future8block_on",
		"8async_io6driver8block_on",
		"8pollster8block_on",
	};

	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

struct relocations {
	uint64_t address, size;
};

static struct relocations find_relocations(const struct elf_file *file)
{
	struct relocations found = { 0 };
	Elf_Data *data = elf_image_dynamic(file);
	GElf_Dyn entry;

	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		if (entry.d_tag == DT_RELA)
			found.address = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_RELASZ)
			found.size = entry.d_un.d_val;
	}
	return found;
}

/* Applies the loader's relocations; the targets of packed ones (DT_RELR) are in
 * the file already. */
static void segment_relocate(const struct elf_file *file, char *image, uint64_t start, size_t size)
{
	struct relocations table = find_relocations(file);
	size_t left = 0;
	const char *bytes = table.size ? elf_image_at(file, table.address, &left) : NULL;
	Elf64_Rela entry;

	if (!bytes)
		return;
	if (table.size < left)
		left = table.size;
	for (; left >= sizeof entry; left -= sizeof entry, bytes += sizeof entry) {
		memcpy(&entry, bytes, sizeof entry);
		if (ELF64_R_TYPE(entry.r_info) == ARCH_ELF_RELATIVE && entry.r_offset >= start &&
		    size >= sizeof(uint64_t) && entry.r_offset - start <= size - sizeof(uint64_t))
			memcpy(image + (entry.r_offset - start), &entry.r_addend,
			       sizeof entry.r_addend);
	}
}

static struct task_addresses *poll_functions(const struct elf_file *file,
					     struct task_tables *tables)
{
	struct task_addresses *polls = NULL;
	Elf_Scn *section = NULL;
	const char *name;
	GElf_Shdr header;
	GElf_Sym symbol;

	while ((section = elf_nextscn(file->elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB ||
		    !(data = elf_getdata(section, NULL)))
			continue;
		for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
			name = elf_strptr(file->elf, header.sh_link, symbol.st_name);
			if (symbol.st_shndx == SHN_UNDEF || !name)
				continue;
			tables->async_task |= strstr(name, ASYNC_TASK_SYMBOL) != NULL;
			tables->block_on |= is_block_on(name);
			if (!strstr(name, POLL_SYMBOL))
				continue;
			if (!polls)
				polls = task_addresses_clear(ADDRESSES_TOKIO);
			task_addresses_add(polls, symbol.st_value);
		}
	}
	return polls;
}

static void task_tables_count(const struct task_vtable *vtable, void *data)
{
	struct task_tables *tables = data;

	if (vtable->by_shape)
		tables->by_shape++;
	else
		tables->by_symbol++;
}

static void task_tables_scan(struct task_tables *tables, const struct elf_file *file,
			     struct task_addresses *polls, const GElf_Phdr *segment)
{
	struct task_region region = { 0 };
	struct spans code = { 0 };
	size_t size = 0;
	const char *bytes = elf_image_at(file, segment->p_vaddr, &size);
	char *image;

	elf_file_code(file, &code);
	if (bytes && code.count) {
		if (size > segment->p_memsz)
			size = segment->p_memsz;
		image = memory_get(size);
		memcpy(image, bytes, size);
		segment_relocate(file, image, segment->p_vaddr, size);
		region.start = (uintptr_t)image;
		region.end = region.start + size;
		region.text_start = code.items[0].low;
		region.text_end = code.items[code.count - 1].top;
		tokio_scan(&region, polls, task_tables_count, tables);
		free(image);
	}
	spans_deinit(&code);
}

static void scan_segments(struct task_tables *tables, const struct elf_file *file,
			  struct task_addresses *polls, uint32_t flags)
{
	size_t count = 0;
	GElf_Phdr segment;

	if (elf_getphdrnum(file->elf, &count))
		return;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(file->elf, (int)i, &segment) && segment.p_type == PT_LOAD &&
		    segment.p_flags == flags)
			task_tables_scan(tables, file, polls, &segment);
}

/* Same as in the runtime: tasks/task_symbols.c, module_may_be_rust. */
static bool may_be_rust(const struct elf_file *file)
{
	static const char import[] = "\0_Unwind_GetLanguageSpecificData";
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(file->elf, section))) {
		Elf_Data *names;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNSYM)
			continue;
		names = elf_getdata(elf_getscn(file->elf, header.sh_link), NULL);
		return names && names->d_buf &&
		       memmem(names->d_buf, names->d_size, import, sizeof import);
	}
	return false;
}

/* Same search as in the runtime: tasks/task_module.c, look_everywhere. */
static void scan_everywhere(struct task_tables *tables, const struct elf_file *file)
{
	struct task_addresses *polls = poll_functions(file, tables);
	GElf_Phdr segment;
	GElf_Ehdr header;

	tables->named = polls;
	if (elf_image_segment(file, PT_GNU_RELRO, &segment))
		task_tables_scan(tables, file, polls, &segment);
	else
		scan_segments(tables, file, polls, PF_R | PF_W);
	if (gelf_getehdr(file->elf, &header) && header.e_type == ET_EXEC && may_be_rust(file))
		scan_segments(tables, file, polls, PF_R);
}

int task_tables_read(struct task_tables *tables, const char *path)
{
	struct elf_file file;
	int error;

	memset(tables, 0, sizeof *tables);
	error = elf_file_open(&file, path);
	if (error)
		return error;
	scan_everywhere(tables, &file);
	elf_file_close(&file);
	return 0;
}

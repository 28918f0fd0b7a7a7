/* Functions of a module by name, from .symtab in its file, which is not loaded into memory. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "dynamic_symbols.h"
#include "runtime/base/memory.h"
#include "module_image.h"
#include "modules.h"
#include "runtime/base/system_call.h"

#define NAMES_AHEAD 16 /* names are in another order than symbols: each is a miss of the cache */

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* linux/mman.h since 5.14 */
#endif

struct file {
	const uint8_t *bytes;
	size_t size;
};

struct visitor {
	const struct module *module;
	void (*visit)(const struct symbol_range *symbol, void *data);
	void *data;
	bool locals; /* thread-local variables, too */
};

static bool file_map(const char *path, struct file *file)
{
	long fd = system_call(SYS_open, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0, 0);
	struct stat status;
	long map = -1;

	if (fd < 0)
		return false;
	if (!system_call(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) && S_ISREG(status.st_mode) &&
	    status.st_size > 0)
		map = system_call(SYS_mmap, 0, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	system_call(SYS_close, fd, 0, 0, 0, 0, 0);
	if (map < 0 && map > -MEMORY_PAGE)
		return false;
	file->bytes = (const uint8_t *)map;
	file->size = (size_t)status.st_size;
	return true;
}

static void file_unmap(struct file *file)
{
	system_call(SYS_munmap, (long)file->bytes, (long)file->size, 0, 0, 0, 0);
}

/* `count` elements of `size` bytes each at `offset`; NULL if they are not all within the file. */
static const void *file_part(const struct file *file, uint64_t offset, uint64_t count, size_t size)
{
	if (offset > file->size || count > (file->size - offset) / size)
		return NULL;
	return file->bytes + offset;
}

static bool same_build_id(const struct module *module, const struct file *file,
			  const ElfW(Phdr) * headers)
{
	uint8_t id[BUILD_ID_SIZE];

	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *notes = &headers[i];
		const uint8_t *bytes;
		size_t size;

		if (notes->p_type != PT_NOTE)
			continue;
		bytes = file_part(file, notes->p_offset, notes->p_filesz, 1);
		size = bytes ? notes_build_id(bytes, notes->p_filesz, notes->p_align, id) : 0;
		if (size)
			return size == module->build_id_size && !memcmp(id, module->build_id, size);
	}
	return !module->build_id_size;
}

/* The file may have been replaced since it was loaded. */
static bool is_loaded_one(const struct module *module, const struct file *file)
{
	const ElfW(Ehdr) *header = file_part(file, 0, 1, sizeof *header);
	const ElfW(Phdr) * headers;

	if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof *headers ||
	    header->e_phnum != module->phnum)
		return false;
	headers = file_part(file, header->e_phoff, header->e_phnum, sizeof *headers);
	return headers && !memcmp(headers, module->phdr, module->phnum * sizeof *headers) &&
	       same_build_id(module, file, headers);
}

static void visit_symbol(const struct visitor *visitor, const ElfW(Sym) * symbol, const char *name)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);
	uintptr_t base = type == STT_TLS ? 0 : visitor->module->base;
	struct symbol_range range = {
		.start = base + symbol->st_value,
		.end = base + symbol->st_value + symbol->st_size,
		.name = name,
		.is_local = type == STT_TLS,
	};

	if (symbol->st_shndx != SHN_UNDEF &&
	    (type == STT_FUNC || type == STT_GNU_IFUNC || (type == STT_TLS && visitor->locals)))
		visitor->visit(&range, visitor->data);
}

/* Maps all pages by one call, from Linux 5.14 on; else each is mapped when it is first read. */
static void populate(const void *bytes, size_t size)
{
	uintptr_t start = (uintptr_t)bytes & ~(uintptr_t)(MEMORY_PAGE - 1);

	system_call(SYS_madvise, (long)start, (long)((uintptr_t)bytes + size - start),
		    MADV_POPULATE_READ, 0, 0, 0);
}

/* `visited`: the number of symbols. */
static bool visit_section(const struct visitor *visitor, const struct file *file,
			  const ElfW(Shdr) * table, const ElfW(Shdr) * names, size_t *visited)
{
	size_t count = table->sh_size / sizeof(ElfW(Sym));
	const ElfW(Sym) *symbols = file_part(file, table->sh_offset, count, sizeof *symbols);
	const char *strings = file_part(file, names->sh_offset, names->sh_size, 1);

	if (!symbols || !strings || !names->sh_size || strings[names->sh_size - 1])
		return false;
	*visited = count;
	populate(symbols, count * sizeof *symbols);
	populate(strings, names->sh_size);
	for (size_t i = 1; i < count; i++) {
		if (i + NAMES_AHEAD < count && symbols[i + NAMES_AHEAD].st_name < names->sh_size)
			__builtin_prefetch(strings + symbols[i + NAMES_AHEAD].st_name);
		if (symbols[i].st_name < names->sh_size)
			visit_symbol(visitor, &symbols[i], strings + symbols[i].st_name);
	}
	return true;
}

static bool visit_file(const struct visitor *visitor, const struct file *file, size_t *visited)
{
	const ElfW(Ehdr) *header = (const void *)file->bytes;
	const ElfW(Shdr) *sections = file_part(file, header->e_shoff, 1, sizeof *sections);
	uint64_t count;

	if (!sections || header->e_shentsize != sizeof *sections)
		return false;
	/*
	 * A count that does not fit the header is in the first section header (gABI, Section
	 * Header).
	 */
	count = header->e_shnum ? header->e_shnum : sections[0].sh_size;
	if (!header->e_shoff || !file_part(file, header->e_shoff, count, sizeof *sections))
		return false;
	for (uint64_t i = 0; i < count; i++)
		if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < count)
			return visit_section(visitor, file, &sections[i],
					     &sections[sections[i].sh_link], visited);
	return false;
}

static bool file_map_loaded(const struct module *module, const char *path, struct file *file)
{
	if (!file_map(path, file))
		return false;
	if (is_loaded_one(module, file))
		return true;
	file_unmap(file);
	return false;
}

/* A table in the file has them all, unless most of it was stripped. */
static void visit_dynamic(const struct visitor *visitor, size_t visited)
{
	struct dynamic_symbols symbols;
	size_t count;

	if (!dynamic_symbols_of(visitor->module, &symbols))
		return;
	count = dynamic_symbols_count(&symbols);
	for (size_t i = 1; count > visited && i < count; i++)
		visit_symbol(visitor, &symbols.table[i],
			     dynamic_symbol_name(&symbols, &symbols.table[i]));
}

static bool visit_module(const struct visitor *visitor)
{
	const struct module *module = visitor->module;
	struct file file;
	size_t visited = 0;
	bool found = false;

	/* The link opens the program's file even if its path now leads elsewhere. */
	if (file_map_loaded(module, module->path, &file) ||
	    (module->is_program && file_map_loaded(module, "/proc/self/exe", &file))) {
		found = visit_file(visitor, &file, &visited);
		file_unmap(&file);
	}
	visit_dynamic(visitor, visited);
	return found;
}

bool module_each_function(const struct module *module,
			  void (*visit)(const struct symbol_range *symbol, void *data), void *data)
{
	return visit_module(&(struct visitor){ module, visit, data, .locals = false });
}

bool module_each_symbol(const struct module *module,
			void (*visit)(const struct symbol_range *symbol, void *data), void *data)
{
	return visit_module(&(struct visitor){ module, visit, data, .locals = true });
}

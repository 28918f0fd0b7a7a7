#include "elf_kind.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "shared/text.h"
#include "symbols/debug_file.h"
#include "symbols/elf_file.h"
#include "elf_image.h"
#include "shared/arch/arch.h"

/* By the prefix of a needed library's name, or by a function that is present if it is linked in. */
static const struct {
	const char *library, *function;
} engine_marks[ELF_ENGINES] = {
#define ENGINE(token, word, library, function) { library, function },
#include "executors/table.h"
	{ NULL, "runtime.rt0_go" },
};

const char *const elf_engine_names[ELF_ENGINES] = {
#define ENGINE(token, word, library, function) word,
#include "executors/table.h"
	"Go",
};

/* They end the program if another library was loaded before them. */
static const char *const sanitizers[] = { "libasan.so",	  "libclang_rt.asan",
					  "libtsan.so",	  "libclang_rt.tsan",
					  "libhwasan.so", "libclang_rt.hwasan",
					  "liblsan.so" };

bool elf_is_sanitizer(const char *library)
{
	const char *slash = strrchr(library, '/'), *name = slash ? slash + 1 : library;

	for (unsigned i = 0; i < sizeof sanitizers / sizeof *sanitizers; i++)
		if (text_begins(name, sanitizers[i]))
			return true;
	return false;
}

static void read_needed(struct elf_kind *kind, const char *name)
{
	for (unsigned i = 0; i < ELF_ENGINES; i++)
		if (engine_marks[i].library && text_begins(name, engine_marks[i].library))
			kind->engines |= 1u << i;
	if (!*kind->sanitizer && elf_is_sanitizer(name))
		snprintf(kind->sanitizer, sizeof kind->sanitizer, "%s", name);
}

struct dynamic {
	uint64_t strings; /* DT_STRTAB */
	uint64_t name;	  /* DT_SONAME */
	bool needs, named, position_independent;
};

static bool read_dynamic(struct elf_kind *kind, const struct elf_file *file,
			 struct dynamic *dynamic)
{
	Elf_Data *data = elf_image_dynamic(file);
	const char *name;
	GElf_Dyn entry;

	if (!data)
		return false;
	for (int i = 0; gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		if (entry.d_tag == DT_STRTAB)
			dynamic->strings = entry.d_un.d_ptr;
		else if (entry.d_tag == DT_FLAGS_1)
			dynamic->position_independent = entry.d_un.d_val & DF_1_PIE;
		else if (entry.d_tag == DT_NEEDED)
			dynamic->needs = true;
	}
	for (int i = 0; gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_SONAME)
			continue;
		name = elf_image_string(file, dynamic->strings + entry.d_un.d_val);
		if (entry.d_tag == DT_NEEDED && name)
			read_needed(kind, name);
		if (entry.d_tag == DT_SONAME) {
			dynamic->named = true;
			if (name && text_begins(name, "ld-linux"))
				kind->linkage = LINKAGE_LOADER;
		}
	}
	return true;
}

static bool read_interpreter(struct elf_kind *kind, const struct elf_file *file)
{
	size_t size = 0;
	const char *bytes = elf_rawfile(file->elf, &size), *base;
	GElf_Phdr segment;

	if (!bytes || !elf_image_segment(file, PT_INTERP, &segment) || segment.p_offset > size ||
	    segment.p_filesz > size - segment.p_offset)
		return false;
	snprintf(kind->interpreter, sizeof kind->interpreter, "%.*s", (int)segment.p_filesz,
		 bytes + segment.p_offset);
	base = strrchr(kind->interpreter, '/');
	base = base ? base + 1 : kind->interpreter;
	kind->libc = text_begins(base, "ld-linux")  ? LIBC_GLIBC
		     : text_begins(base, "ld-musl") ? LIBC_MUSL
						    : LIBC_UNKNOWN;
	return true;
}

static void read_linkage(struct elf_kind *kind, const struct elf_file *file,
			 const GElf_Ehdr *header)
{
	struct dynamic dynamic = { 0 };
	bool has_dynamic, has_interpreter;

	kind->linkage = LINKAGE_DYNAMIC;
	kind->libc = LIBC_UNKNOWN;
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
		kind->linkage = LINKAGE_OBJECT;
		return;
	}
	has_interpreter = read_interpreter(kind, file);
	has_dynamic = read_dynamic(kind, file, &dynamic);
	if (kind->linkage == LINKAGE_LOADER)
		kind->libc = LIBC_GLIBC;
	else if (has_interpreter)
		kind->linkage = LINKAGE_DYNAMIC;
	else if (header->e_type == ET_EXEC || !has_dynamic)
		kind->linkage = LINKAGE_STATIC;
	else if (dynamic.position_independent ||
		 (!dynamic.needs && !dynamic.named && header->e_entry))
		kind->linkage = LINKAGE_STATIC_PIE;
	else
		kind->linkage = LINKAGE_LIBRARY;
}

static void read_function(struct elf_kind *kind, const char *name)
{
	for (unsigned i = 0; i < ELF_ENGINES; i++)
		if (engine_marks[i].function && !strcmp(name, engine_marks[i].function))
			kind->engines |= 1u << i;
	kind->has_python |= !strcmp(name, "PyGILState_GetThisThreadState");
	kind->writes_tracebacks |= !strcmp(name, "_Py_DumpTraceback");
}

static void read_functions(struct elf_kind *kind, const struct elf_file *file, Elf_Scn *section,
			   const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize && data ? data->d_size / header->sh_entsize : 0;
	const char *name;
	GElf_Sym symbol;

	for (size_t i = 0; i < count; i++) {
		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
			continue;
		name = elf_strptr(file->elf, header->sh_link, symbol.st_name);
		if (name)
			read_function(kind, name);
	}
}

static void read_sections(struct elf_kind *kind, const struct elf_file *file, bool separate)
{
	Elf_Scn *section = NULL;
	size_t names = 0;
	const char *name;
	GElf_Shdr header;

	if (elf_getshdrstrndx(file->elf, &names))
		return;
	while ((section = elf_nextscn(file->elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(file->elf, names, header.sh_name);
		if (header.sh_type == SHT_SYMTAB) {
			kind->separate |= separate && !kind->symbols;
			kind->symbols = true;
		} else if (name && text_begins(name, ".debug_info")) {
			kind->separate |= separate && !kind->debug_info;
			kind->debug_info = true;
		} else if (name && text_begins(name, ".go.buildinfo")) {
			kind->engines |= 1u << ENGINE_go;
		} else if (name && text_begins(name, ".bun")) {
			kind->engines |= 1u << ENGINE_bun;
		}
		if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)
			read_functions(kind, file, section, &header);
	}
}

static void read_separate_file(struct elf_kind *kind, const struct elf_file *file, const char *path)
{
	const uint8_t *build_id = NULL;
	size_t size = elf_file_build_id(file, &build_id);
	struct elf_file separate;

	if (debug_file_open(&separate, file, path, build_id, size, DEBUG_FILE_ROOT))
		return;
	read_sections(kind, &separate, true);
	elf_file_close(&separate);
}

static void read_privileges(struct elf_kind *kind, int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return;
	if (status.st_mode & S_ISUID)
		kind->privileges |= PRIVILEGE_SETUID;
	/* Without the group's x bit, setgid means mandatory locking. */
	if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		kind->privileges |= PRIVILEGE_SETGID;
	if (fgetxattr(fd, "security.capability", NULL, 0) > 0)
		kind->privileges |= PRIVILEGE_CAPABILITIES;
}

static int read_kind(struct elf_kind *kind, const char *path, bool sections)
{
	struct elf_file file;
	GElf_Ehdr header;
	int error;

	memset(kind, 0, sizeof *kind);
	error = elf_file_open(&file, path);
	if (error)
		return error;
	if (!gelf_getehdr(file.elf, &header)) {
		elf_file_close(&file);
		return -ENOEXEC;
	}
	kind->elf_class = header.e_ident[EI_CLASS];
	kind->byte_order = header.e_ident[EI_DATA];
	kind->machine = header.e_machine;
	read_privileges(kind, file.fd);
	read_linkage(kind, &file, &header);
	if (sections)
		read_sections(kind, &file, false);
	if (sections && (!kind->symbols || !kind->debug_info))
		read_separate_file(kind, &file, path);
	elf_file_close(&file);
	return 0;
}

int elf_kind_read(struct elf_kind *kind, const char *path)
{
	return read_kind(kind, path, false);
}

int elf_kind_read_all(struct elf_kind *kind, const char *path)
{
	return read_kind(kind, path, true);
}

bool elf_kind_is_native(const struct elf_kind *kind)
{
	return kind->elf_class == ELFCLASS64 && kind->byte_order == ELFDATA2LSB &&
	       kind->machine == ARCH_ELF_MACHINE;
}

const char *elf_kind_machine(const struct elf_kind *kind)
{
	static const struct {
		uint16_t machine;
		uint8_t elf_class;
		const char *name;
	} machines[] = {
		{ EM_X86_64, ELFCLASS64, "x86-64" },
		{ EM_X86_64, ELFCLASS32, "x32" },
		{ EM_386, ELFCLASS32, "i386" },
		{ EM_AARCH64, ELFCLASS64, "aarch64" },
		{ EM_ARM, ELFCLASS32, "32-bit Arm" },
		{ EM_RISCV, ELFCLASS64, "riscv64" },
		{ EM_PPC64, ELFCLASS64, "ppc64" },
		{ EM_S390, ELFCLASS64, "s390x" },
		{ EM_LOONGARCH, ELFCLASS64, "loongarch64" },
	};
	static char number[32];

	for (unsigned i = 0; i < sizeof machines / sizeof *machines; i++)
		if (machines[i].machine == kind->machine &&
		    machines[i].elf_class == kind->elf_class)
			return machines[i].name;
	snprintf(number, sizeof number, "ELF machine %u", kind->machine);
	return number;
}

/* What an ELF file is: whether a library can be preloaded into it, and what can be learnt from it.
 */
#ifndef TOOLS_ELF_KIND_H
#define TOOLS_ELF_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_linkage {
	LINKAGE_DYNAMIC,    /* has an interpreter */
	LINKAGE_STATIC,	    /* has none: nothing loads libraries for it */
	LINKAGE_STATIC_PIE, /* the same, relocates itself */
	LINKAGE_LOADER,	    /* is an interpreter */
	LINKAGE_LIBRARY,    /* not to be executed */
	LINKAGE_OBJECT,	    /* not linked, or a core dump */
};

enum elf_libc { LIBC_GLIBC, LIBC_MUSL, LIBC_UNKNOWN };

/* Why the kernel runs it with more rights than its caller has. Bits. */
enum elf_privilege { PRIVILEGE_SETUID = 1, PRIVILEGE_SETGID = 2, PRIVILEGE_CAPABILITIES = 4 };

/* Event loops and interpreters, by what a file needs and by what it has inside: numbers of bits, in
 * the order of elf_engine_names. */
enum elf_engine {
#define ENGINE(token, word, library, function) ENGINE_##token,
#include "executors/table.h"
	ENGINE_go,
	ELF_ENGINES
};
extern const char *const elf_engine_names[ELF_ENGINES];

struct elf_kind {
	uint8_t elf_class; /* ELFCLASS32 or 64 */
	uint8_t byte_order;
	uint16_t machine;
	enum elf_linkage linkage;
	enum elf_libc libc;
	char interpreter[256]; /* empty: none */
	char sanitizer[64]; /* the library it needs that must be loaded first of all; empty: none */
	unsigned privileges;	/* enum elf_privilege */
	unsigned engines;	/* 1u << enum elf_engine */
	bool has_python;	/* CPython itself is inside */
	bool writes_tracebacks; /* and names the function that writes them */
	bool symbols;		/* has .symtab, itself or in a separate debug file */
	bool debug_info;	/* the same for .debug_info */
	bool separate;		/* one of both comes from a separate file */
};

/* Returns 0, or -errno; -ENOEXEC when it is no ELF file. */
int elf_kind_read(struct elf_kind *kind, const char *path);

/* Whether this machine's loader can bring libyieldsan.so into it: class, byte order and machine. */
bool elf_kind_is_native(const struct elf_kind *kind);

/* Whether a library, by name or path, is one that must be loaded first of all. */
bool elf_is_sanitizer(const char *library);

/* "x86-64", "i386", "aarch64", ...; lives until the next call. */
const char *elf_kind_machine(const struct elf_kind *kind);

#endif

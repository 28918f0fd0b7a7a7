/* Classifies an ELF file: whether a library can be preloaded into it, and what is
 * known about it. */
#ifndef TOOLS_ELF_KIND_H
#define TOOLS_ELF_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_linkage {
	LINKAGE_DYNAMIC,    /* has an interpreter */
	LINKAGE_STATIC,	    /* has no loader that could load libraries */
	LINKAGE_STATIC_PIE, /* likewise, but relocates itself */
	LINKAGE_LOADER,	    /* is a loader itself */
	LINKAGE_LIBRARY,    /* not executable */
	LINKAGE_OBJECT,	    /* not linked, or a core dump */
};

enum elf_libc { LIBC_GLIBC, LIBC_MUSL, LIBC_UNKNOWN };

/* Reasons why the kernel runs it with more rights than its caller has. Bits. */
enum elf_privilege { PRIVILEGE_SETUID = 1, PRIVILEGE_SETGID = 2, PRIVILEGE_CAPABILITIES = 4 };

/* Event loops and interpreters that a file needs or contains: bit numbers, in the order of
 * elf_engine_names. */
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
	char sanitizer[64];    /* the needed library that must be loaded first; empty: none */
	unsigned privileges;   /* enum elf_privilege */
	unsigned engines;      /* 1u << enum elf_engine */
	/* The rest is in the file's sections. */
	bool has_python;	/* contains CPython itself */
	bool writes_tracebacks; /* and a symbol for the function that writes tracebacks */
	bool symbols;		/* has .symtab, itself or in a separate debug file */
	bool debug_info;	/* likewise for .debug_info */
	bool separate;		/* one of them comes from a separate file */
};

/*
 * What its headers say: enough to start it. `engines` are those of the libraries that it needs.
 * Returns 0, or -errno; -ENOEXEC if it is not an ELF file.
 */
int elf_kind_read(struct elf_kind *kind, const char *path);

/* What its sections and symbols say too, which takes 20 to 150 ms for a file of 100 MB. */
int elf_kind_read_all(struct elf_kind *kind, const char *path);

/* Whether this machine's loader can load libyieldsan.so into it: class, byte order and
 * architecture. */
bool elf_kind_is_native(const struct elf_kind *kind);

/* Whether a library, by name or path, must be loaded first. */
bool elf_is_sanitizer(const char *library);

/* "x86-64", "i386", "aarch64", ...; valid until the next call. */
const char *elf_kind_machine(const struct elf_kind *kind);

#endif

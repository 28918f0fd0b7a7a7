/*
 * The loaded objects: where they lie, what they are called, what symbols they have. Filled at
 * start-up and after each dlopen and dlclose, read without a lock from anywhere, signal handlers
 * included. Objects of other link-map namespaces (dlmopen) are not seen: dl_iterate_phdr tells only
 * of ours.
 */
#ifndef RUNTIME_MODULES_H
#define RUNTIME_MODULES_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_SIZE 32

struct module {
	uintptr_t base;			  /* dlpi_addr */
	uintptr_t start;		  /* of its lowest segment */
	uintptr_t end;			  /* of its highest segment */
	uintptr_t text_start, text_end;	  /* of its executable segments */
	uintptr_t relro_start, relro_end; /* read-only after relocation, 0 when none */
	uintptr_t eh_frame_hdr;		  /* 0 when none */
	uintptr_t dynamic;		  /* 0 when none */
	const ElfW(Phdr) * phdr;	  /* the loader's: gone with the module */
	uint16_t phnum;
	bool is_program;		 /* the main executable; always modules_at(0) */
	bool has_rpath, has_runpath;	 /* DT_RPATH, DT_RUNPATH */
	size_t tls_size, tls_id;	 /* its thread-local block, for module_tls */
	ptrdiff_t tls_offset;		 /* of that block from any thread's pointer; 0: varies */
	uint64_t loaded_ns, unloaded_ns; /* CLOCK_MONOTONIC; unloaded_ns 0 while it is there */
	uint8_t build_id[BUILD_ID_SIZE];
	uint32_t build_id_size;	   /* bytes that count; 0 when it has none */
	uint32_t trace_offset;	   /* of its record in this process's trace; 0 when not written */
	uint32_t came, seen, gone; /* numbers of the scans that added, last met and missed it */
	const char *loader_name;   /* dlpi_name */
	const char *path;	   /* absolute, but for what is no file: "linux-vdso.so.1" */
};

/*
 * Looks at what is loaded now, adds what is new, marks what has gone. Not reentrant: start-up and
 * the ends of dlopen and dlclose, which the caller serialises. Afterwards `removed` is called for
 * each module that has gone (nothing of its memory is there any more), then `added` for each new
 * one; either may be NULL. A module that comes back unchanged to where it was keeps its struct, and
 * counts as new.
 */
void modules_scan(void (*added)(struct module *module), void (*removed)(struct module *module));

/* The living module that contains an address; NULL when none. Async-signal-safe, no lock. */
struct module *modules_find(uintptr_t address);

/* Whether all from `first` to `last` is a module's, to be read: a constant or a variable. */
bool modules_hold(uintptr_t first, uintptr_t last);

/* A struct module stays where it is for ever. */
size_t modules_count(void);
struct module *modules_at(size_t index); /* dead ones included; see unloaded_ns */

/* Modules that found no room: their code is taken for a JIT compiler's. */
size_t modules_lost(void);

/* The last part of its path: "libuv.so.1". */
const char *module_name(const struct module *module);

/* The end of the readable segment that holds an address; 0 when none of this module does. */
uintptr_t module_readable_until(const struct module *module, uintptr_t address);

/* The address of an exported function or object, 0 when there is none, or only one that is chosen
 * at run time (an ifunc). Reads the hash table of .dynsym. */
uintptr_t module_symbol(const struct module *module, const char *name);

struct symbol_extent {
	uintptr_t address; /* 0: there is none */
	size_t size;
};

/* The same with its size. */
struct symbol_extent module_symbol_extent(const struct module *module, const char *name);

/* The exported symbol that covers an address, NULL when none does. Walks .dynsym: for cold paths.
 */
const char *module_symbol_at(const struct module *module, uintptr_t address);

struct symbol_range {
	uintptr_t start, end;
	const char *name; /* valid only during the call */
};

/*
 * Calls `visit` for every function of .symtab (read from the module's file) and of .dynsym: one
 * that is in both comes twice. Start-up and dlopen only: it opens and maps the file. Returns false
 * when the file has no .symtab, or is not the one that was loaded.
 */
bool module_each_function(const struct module *module,
			  void (*visit)(const struct symbol_range *symbol, void *data), void *data);

/*
 * The present thread's thread-local block of a module, NULL when it has none (yet). Never makes
 * one. For a module opened later it is what the thread's own record says: a block of a closed
 * module that had the same number may be told until the thread has used the new one.
 */
void *module_tls(const struct module *module);

#endif

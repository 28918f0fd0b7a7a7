/*
 * The loaded objects: address ranges, names and symbols. Filled at start-up and after each dlopen
 * and dlclose; read without a lock from anywhere, including signal handlers. Objects in other
 * link-map namespaces (dlmopen) are not seen, because dl_iterate_phdr lists only ours.
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
	uintptr_t relro_start, relro_end; /* read-only after relocation, 0 if none */
	uintptr_t eh_frame_hdr;		  /* 0 if none */
	uintptr_t dynamic;		  /* 0 if none */
	const ElfW(Phdr) * phdr;	  /* owned by the loader: gone with the module */
	uint16_t phnum;
	bool is_program;	     /* the main executable; always modules_at(0) */
	bool has_rpath, has_runpath; /* DT_RPATH, DT_RUNPATH */
	size_t tls_size, tls_id;     /* its thread-local block, for module_tls */
	ptrdiff_t tls_offset; /* distance of that block from each thread's pointer; 0: varies */
	uint64_t loaded_ns, unloaded_ns; /* CLOCK_MONOTONIC; unloaded_ns is 0 while loaded */
	uint8_t build_id[BUILD_ID_SIZE];
	uint32_t build_id_size; /* valid bytes; 0 if it has none */
	uint32_t trace_offset;	/* of its record in this process's trace; 0 if not written */
	uint32_t came, seen,
		gone; /* numbers of the scans that added it, last found it, and missed it */
	const char *loader_name; /* dlpi_name */
	const char *path;	 /* absolute, unless it is not a file: "linux-vdso.so.1" */
};

/*
 * Scans the loaded modules, adds new ones, marks those that are gone. Not reentrant: called at
 * start-up and at the ends of dlopen and dlclose, serialised by the caller. Afterwards calls
 * `removed` for each module that is gone (its memory is already unmapped), then `added` for each
 * new one; either may be NULL. A module that returns unchanged to the same place keeps its struct,
 * and counts as new.
 */
void modules_scan(void (*added)(struct module *module), void (*removed)(struct module *module));

/* The loaded module that contains an address; NULL: none. Async-signal-safe, no lock. */
struct module *modules_find(uintptr_t address);

/*
 * Whether everything from `first` to `last` is readable memory of a module: a constant or a
 * variable.
 */
bool modules_hold(uintptr_t first, uintptr_t last);

/* A struct module is never moved or freed. */
size_t modules_count(void);
struct module *modules_at(size_t index); /* includes unloaded ones; see unloaded_ns */

/* Modules for which there was no room: their code is treated as JIT code. */
size_t modules_lost(void);

/* The last part of its path: "libuv.so.1". */
const char *module_name(const struct module *module);

/* The end of the module's readable segment that contains an address; 0: none. */
uintptr_t module_readable_until(const struct module *module, uintptr_t address);

/*
 * The address of an exported function or object; 0 if there is none, or only one chosen at run time
 * (an ifunc). Uses the hash table of .dynsym.
 */
uintptr_t module_symbol(const struct module *module, const char *name);

struct symbol_extent {
	uintptr_t address; /* 0: not found */
	size_t size;
};

/* Same with its size. */
struct symbol_extent module_symbol_extent(const struct module *module, const char *name);

/* The exported symbol that covers an address; NULL: none. Walks .dynsym: for cold paths. */
const char *module_symbol_at(const struct module *module, uintptr_t address);

struct symbol_range {
	uintptr_t start, end; /* of a thread-local variable: from the beginning of module_tls */
	const char *name;     /* valid only during the call */
	bool is_local;	      /* a thread-local variable */
};

/*
 * Calls `visit` for every function in .symtab (read from the module's file) and in .dynsym; a
 * function in both is visited twice. Start-up and dlopen only: it opens and maps the file. False if
 * the file has no .symtab, or is not the one that was loaded.
 */
bool module_each_function(const struct module *module,
			  void (*visit)(const struct symbol_range *symbol, void *data), void *data);

/* Same for functions and thread-local variables. */
bool module_each_symbol(const struct module *module,
			void (*visit)(const struct symbol_range *symbol, void *data), void *data);

/*
 * The calling thread's thread-local block of a module; NULL if it has none (yet). Never allocates.
 * For a module opened later, the thread's table may still contain the block of a closed module with
 * the same number, until the thread uses the new one.
 */
void *module_tls(const struct module *module);

#endif

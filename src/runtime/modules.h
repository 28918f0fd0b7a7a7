/*
 * The loaded objects: where they lie, what they are called, what symbols they have. Filled at start-up
 * and after each dlopen and dlclose, read without a lock from anywhere, signal handlers included.
 */
#ifndef RUNTIME_MODULES_H
#define RUNTIME_MODULES_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module {
	uintptr_t base;	 /* dlpi_addr */
	uintptr_t start; /* of its lowest segment */
	uintptr_t end;	 /* of its highest segment */
	uintptr_t text_start, text_end; /* of its executable segments */
	uintptr_t relro_start, relro_end; /* read-only after relocation, 0 when none */
	uintptr_t eh_frame_hdr; /* 0 when none */
	uintptr_t dynamic;
	const ElfW(Phdr) *phdr;
	uint16_t phnum;
	size_t tls_size, tls_id; /* its thread-local block, for modules_tls */
	uint64_t loaded_ns, unloaded_ns; /* CLOCK_MONOTONIC; unloaded_ns 0 while it is there */
	uint8_t build_id[32];
	uint32_t build_id_size;
	uint32_t trace_offset;	/* of its record in this process's trace; 0 when not written */
	bool is_program;	/* the main executable */
	char path[512];		/* absolute */
};

/* Looks at what is loaded now, adds what is new, marks what has gone. Not reentrant: start-up and the
 * ends of dlopen and dlclose, which the caller serialises. `added` is called for each new module. */
void modules_scan(void (*added)(struct module *module));

/* The living module that contains an address; NULL when none. Async-signal-safe, no lock. */
struct module *modules_find(uintptr_t address);

size_t modules_count(void);
struct module *modules_at(size_t index); /* dead ones included; see unloaded_ns */

/* The last part of its path: "libuv.so.1". */
const char *module_name(const struct module *module);

/* The address of an exported symbol, 0 when there is none. Reads the hash table of .dynsym. */
uintptr_t module_symbol(const struct module *module, const char *name);

/* The exported symbol that covers an address, NULL when none does. Walks .dynsym: for cold paths. */
const char *module_symbol_at(const struct module *module, uintptr_t address);

struct symbol_range {
	uintptr_t start, end;
	const char *name; /* valid only during the call */
};

/*
 * Calls `visit` for every function of .symtab (read from the module's file) and of .dynsym. Start-up and
 * dlopen only: it opens and maps the file. Returns false when the file has no .symtab.
 */
bool module_each_function(const struct module *module,
			  void (*visit)(const struct symbol_range *symbol, void *data), void *data);

/* The present thread's thread-local block of a module, NULL when not there (yet). */
void *module_tls(const struct module *module);

#endif

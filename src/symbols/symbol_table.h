/* The functions of .symtab or .dynsym: names without lines, for code without debug information. */
#ifndef DEBUG_INFO_SYMBOL_TABLE_H
#define DEBUG_INFO_SYMBOL_TABLE_H

#include "elf_file.h"
#include "spans.h"

struct symbol_table {
	struct spans spans; /* value: place in names */
	const char **names; /* in the mapped files, which must stay open */
	size_t count, room;
	bool whole; /* has a .symtab: local functions have names too */
};

/* Adds the functions of one file from its .symtab, or without one its .dynsym. */
void symbol_table_add(struct symbol_table *table, const struct elf_file *file);

/* Call after the last symbol_table_add and before the first symbol_table_find. */
void symbol_table_sort(struct symbol_table *table);

/* The linker name of the function at an address; NULL if there is none. */
const char *symbol_table_find(const struct symbol_table *table, uint64_t address);

/*
 * Whether functions of several names lie there, because the linker merged identical code. Only for
 * C++ and Rust: C has aliases.
 */
bool symbol_table_is_shared(const struct symbol_table *table, uint64_t address);

#define SYMBOL_CRATE_SIZE 64

/*
 * The crate of a Rust program's `main`, and its address: the crate after which the file is named,
 * else the only one. False if there is none, or it is ambiguous. Makes no table.
 */
bool symbol_rust_main(const struct elf_file *file, const char *file_name,
		      char crate[SYMBOL_CRATE_SIZE], uint64_t *address);

void symbol_table_deinit(struct symbol_table *table);

#endif

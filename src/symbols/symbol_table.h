/* The functions of .symtab or .dynsym: names without lines, for code without debug information. */
#ifndef DEBUG_INFO_SYMBOL_TABLE_H
#define DEBUG_INFO_SYMBOL_TABLE_H

#include "elf_file.h"
#include "spans.h"

struct symbol_table {
	struct spans spans; /* value: place in names */
	const char **names; /* in the mapped files, which must stay open */
	size_t count, room;
	bool whole; /* a .symtab was there: local functions have names too */
};

/* Adds the functions of one file: of its .symtab, where it has none of its .dynsym. */
void symbol_table_add(struct symbol_table *table, const struct elf_file *file);

/* To be called between the last symbol_table_add and the first symbol_table_find. */
void symbol_table_sort(struct symbol_table *table);

/* The linker's name of the function at an address; NULL when there is none. */
const char *symbol_table_find(const struct symbol_table *table, uint64_t address);

/*
 * Whether functions of several names lie there, as linkers fold those whose code is the same. Of
 * C++ and Rust alone: C has aliases.
 */
bool symbol_table_is_shared(const struct symbol_table *table, uint64_t address);

#define SYMBOL_CRATE_SIZE 64

/*
 * The crate whose `main` a Rust program has, and where that is: the one that the file is named
 * after, else the only one. False where there is none, or it is not known which. No table is made
 * for it.
 */
bool symbol_rust_main(const struct elf_file *file, const char *file_name,
		      char crate[SYMBOL_CRATE_SIZE], uint64_t *address);

void symbol_table_deinit(struct symbol_table *table);

#endif

/* A module's dynamic symbol table, as its dynamic section in memory leads to it. */
#ifndef RUNTIME_DYNAMIC_SYMBOLS_H
#define RUNTIME_DYNAMIC_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modules.h"

struct gnu_hash {
	uint32_t bucket_count; /* 0: the module has none */
	uint32_t first;	       /* symbol that has a chain word */
	const uint32_t *buckets;
	const uint32_t *chain; /* of `first` */
};

struct dynamic_symbols {
	const ElfW(Sym) * table;
	const char *strings;
	size_t strings_size;
	const uint16_t *versions; /* NULL when there are none */
	const uint32_t *sysv;	  /* DT_HASH; NULL when there is only the other */
	struct gnu_hash gnu;
};

/* False when it has none that can be looked up. */
bool dynamic_symbols_of(const struct module *module, struct dynamic_symbols *symbols);

/* Entries of the table, as far as the hash tables tell: those that are only imported may be
 * missing. */
size_t dynamic_symbols_count(const struct dynamic_symbols *symbols);

/* "" when it lies outside the strings. */
const char *dynamic_symbol_name(const struct dynamic_symbols *symbols, const ElfW(Sym) * symbol);

#endif

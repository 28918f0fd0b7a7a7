/* A module's dynamic symbol table, found by its dynamic section in memory. */
#ifndef RUNTIME_DYNAMIC_SYMBOLS_H
#define RUNTIME_DYNAMIC_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modules.h"

struct gnu_hash {
	uint32_t bucket_count; /* 0: the module has none */
	uint32_t first;	       /* first symbol with a chain word */
	const uint32_t *buckets;
	const uint32_t *chain; /* of `first` */
};

struct dynamic_symbols {
	const ElfW(Sym) * table;
	const char *strings;
	size_t strings_size;
	const uint16_t *versions; /* NULL if there are none */
	const uint32_t *sysv;	  /* DT_HASH; NULL if there is only the other hash table */
	struct gnu_hash gnu;
};

/* False if it has none that can be searched. */
bool dynamic_symbols_of(const struct module *module, struct dynamic_symbols *symbols);

/* Number of entries according to the hash tables, which may omit imported symbols. */
size_t dynamic_symbols_count(const struct dynamic_symbols *symbols);

/* "" if it is outside the string table. */
const char *dynamic_symbol_name(const struct dynamic_symbols *symbols, const ElfW(Sym) * symbol);

#endif

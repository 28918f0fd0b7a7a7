/* The exported symbols of a module, read from its image in memory. */
#include <string.h>

#include "dynamic_symbols.h"
#include "modules.h"

#define VERSION_HIDDEN 0x8000 /* in a symbol's version: not the default one */

static uint32_t gnu_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

static uint32_t sysv_hash(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++) {
		uint32_t high;

		hash = (hash << 4) + (uint8_t)*name;
		high = hash & 0xf0000000;
		hash ^= high >> 24;
		hash &= ~high;
	}
	return hash;
}

static bool is_wanted(const struct dynamic_symbols *symbols, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &symbols->table[index];
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF || type == STT_TLS || type == STT_GNU_IFUNC)
		return false;
	if (symbols->versions && (symbols->versions[index] & VERSION_HIDDEN))
		return false;
	return !strcmp(dynamic_symbol_name(symbols, symbol), name);
}

static const ElfW(Sym) * find_by_gnu_hash(const struct dynamic_symbols *symbols, const char *name)
{
	const struct gnu_hash *table = &symbols->gnu;
	uint32_t hash = gnu_hash(name);
	uint32_t index = table->buckets[hash % table->bucket_count];

	if (index < table->first)
		return NULL;
	for (;; index++) {
		uint32_t chained = table->chain[index - table->first];

		if ((chained | 1) == (hash | 1) && is_wanted(symbols, index, name))
			return &symbols->table[index];
		if (chained & 1)
			return NULL;
	}
}

static const ElfW(Sym) * find_by_sysv_hash(const struct dynamic_symbols *symbols, const char *name)
{
	uint32_t bucket_count = symbols->sysv[0], symbol_count = symbols->sysv[1];
	const uint32_t *buckets = symbols->sysv + 2, *chain = buckets + bucket_count;
	uint32_t index = buckets[sysv_hash(name) % bucket_count];

	for (uint32_t i = 0; i < symbol_count && index && index < symbol_count; i++) {
		if (is_wanted(symbols, index, name))
			return &symbols->table[index];
		index = chain[index];
	}
	return NULL;
}

struct symbol_extent module_symbol_extent(const struct module *module, const char *name)
{
	const ElfW(Sym) *symbol = NULL;
	struct dynamic_symbols symbols;

	if (dynamic_symbols_of(module, &symbols))
		symbol = symbols.gnu.bucket_count ? find_by_gnu_hash(&symbols, name)
						  : find_by_sysv_hash(&symbols, name);
	if (!symbol)
		return (struct symbol_extent){ 0, 0 };
	return (struct symbol_extent){ module->base + symbol->st_value, symbol->st_size };
}

uintptr_t module_symbol(const struct module *module, const char *name)
{
	return module_symbol_extent(module, name).address;
}

const char *module_symbol_at(const struct module *module, uintptr_t address)
{
	struct dynamic_symbols symbols;

	if (!dynamic_symbols_of(module, &symbols))
		return NULL;
	for (size_t i = 1, count = dynamic_symbols_count(&symbols); i < count; i++) {
		const ElfW(Sym) *symbol = &symbols.table[i];
		unsigned type = ELF64_ST_TYPE(symbol->st_info);
		uintptr_t start = module->base + symbol->st_value;

		if (symbol->st_shndx != SHN_UNDEF && type != STT_TLS && address >= start &&
		    address - start < symbol->st_size)
			return dynamic_symbol_name(&symbols, symbol);
	}
	return NULL;
}

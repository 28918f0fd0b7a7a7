#include "dynamic_symbols.h"

#include <string.h>

/* The loader relocates these entries in place, but not for every module (the vDSO's are not). */
static const void *dynamic_entry_pointer(const struct module *module, const ElfW(Dyn) * entry)
{
	uintptr_t address = entry->d_un.d_ptr;

	if (!module_readable_until(module, address))
		address += module->base;
	return module_readable_until(module, address) ? (const void *)address : NULL;
}

static void read_gnu_hash(const uint32_t *words, struct gnu_hash *hash)
{
	uint32_t filter_words = words[2];

	hash->bucket_count = words[0];
	hash->first = words[1];
	hash->buckets = words + 4 + filter_words * (sizeof(ElfW(Addr)) / sizeof *words);
	hash->chain = hash->buckets + hash->bucket_count;
}

bool dynamic_symbols_of(const struct module *module, struct dynamic_symbols *symbols)
{
	const ElfW(Dyn) *entry = (const ElfW(Dyn) *)module->dynamic;
	const uint32_t *gnu = NULL;

	memset(symbols, 0, sizeof *symbols);
	if (!entry || !module_readable_until(module, module->dynamic))
		return false;
	for (; entry->d_tag != DT_NULL; entry++) {
		switch (entry->d_tag) {
		case DT_SYMTAB:
			symbols->table = dynamic_entry_pointer(module, entry);
			break;
		case DT_STRTAB:
			symbols->strings = dynamic_entry_pointer(module, entry);
			break;
		case DT_STRSZ:
			symbols->strings_size = entry->d_un.d_val;
			break;
		case DT_VERSYM:
			symbols->versions = dynamic_entry_pointer(module, entry);
			break;
		case DT_HASH:
			symbols->sysv = dynamic_entry_pointer(module, entry);
			break;
		case DT_GNU_HASH:
			gnu = dynamic_entry_pointer(module, entry);
			break;
		}
	}
	if (gnu)
		read_gnu_hash(gnu, &symbols->gnu);
	if (symbols->sysv && !symbols->sysv[0])
		symbols->sysv = NULL;
	return symbols->table && symbols->strings && (symbols->gnu.bucket_count || symbols->sysv);
}

size_t dynamic_symbols_count(const struct dynamic_symbols *symbols)
{
	const struct gnu_hash *gnu = &symbols->gnu;
	uint32_t last = 0;

	if (symbols->sysv)
		return symbols->sysv[1];
	for (uint32_t i = 0; i < gnu->bucket_count; i++)
		if (gnu->buckets[i] > last)
			last = gnu->buckets[i];
	if (last < gnu->first)
		return gnu->first;
	while (!(gnu->chain[last - gnu->first] & 1))
		last++;
	return last + 1;
}

const char *dynamic_symbol_name(const struct dynamic_symbols *symbols, const ElfW(Sym) * symbol)
{
	return symbol->st_name < symbols->strings_size ? symbols->strings + symbol->st_name : "";
}

#include "unwind_table.h"

#include <stddef.h>

struct unwind_entry unwind_table[1 << UNWIND_TABLE_BITS] __attribute__((aligned(64)));

COLD bool unwind_table_find(uintptr_t address, uint64_t *rule)
{
	unsigned slot = unwind_slot(address);

	for (unsigned way = 1; way < UNWIND_WAYS; way++)
		if (unwind_entry_get(&unwind_table[slot ^ way], address, rule))
			return true;
	return false;
}

static void store(struct unwind_entry *entry, uint64_t tag, uint64_t rule)
{
	__atomic_store_n(&entry->rule, rule, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->tag, tag, __ATOMIC_RELAXED);
}

void unwind_table_put(uintptr_t address, uint64_t rule)
{
	unsigned slot = unwind_slot(address), victim = slot;

	for (unsigned way = 0; way < UNWIND_WAYS; way++)
		if (!__atomic_load_n(&unwind_table[slot ^ way].tag, __ATOMIC_RELAXED)) {
			victim = slot ^ way;
			break;
		}
	store(&unwind_table[victim], address ^ unwind_mix(rule), rule);
}

void unwind_table_forget(uintptr_t start, uintptr_t end)
{
	for (size_t i = 0; i < sizeof unwind_table / sizeof *unwind_table; i++) {
		struct unwind_entry *entry = &unwind_table[i];
		uint64_t tag = __atomic_load_n(&entry->tag, __ATOMIC_RELAXED);
		uint64_t rule = __atomic_load_n(&entry->rule, __ATOMIC_RELAXED);
		uintptr_t address = tag ^ unwind_mix(rule);

		if (address >= start && address < end)
			store(entry, 0, 0);
	}
}

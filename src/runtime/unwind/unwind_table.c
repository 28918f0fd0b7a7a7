#include "unwind_table.h"

#include <stddef.h>
#include <sys/mman.h>

#include "runtime/base/system_call.h"

#define ENTRIES	   (1 << UNWIND_TABLE_BITS)
#define MAX_TABLES 16 /* tables abandoned by a process: each keeps its memory */

static struct unwind_entry own[ENTRIES] __attribute__((aligned(64)));
static bool is_shared;
static unsigned made;

struct unwind_entry *unwind_table = own;

static struct unwind_entry *unwind_table_make(void)
{
	long map = made++ < MAX_TABLES
			   ? system_call(SYS_mmap, 0, sizeof own, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0)
			   : -1;

	return map < 0 && map > -4096 ? NULL : (struct unwind_entry *)map;
}

void unwind_table_init(void)
{
	struct unwind_entry *table = unwind_table_make();

	if (table)
		unwind_table = table;
}

void unwind_table_forked(void)
{
	is_shared = unwind_table != own;
}

void unwind_table_leave(void)
{
	struct unwind_entry *table;

	if (!is_shared)
		return;
	is_shared = false;
	table = unwind_table_make();
	/* The new table was never used before, and an abandoned one is never used again. */
	__atomic_store_n(&unwind_table, table ? table : own, __ATOMIC_RELEASE);
}

COLD bool unwind_table_find(uintptr_t address, uint64_t *rule)
{
	unsigned slot = unwind_slot(address);

	for (unsigned way = 1; way < UNWIND_WAYS; way++)
		if (unwind_entry_get(&unwind_table[slot ^ way], address, rule))
			return true;
	return false;
}

static void unwind_entry_store(struct unwind_entry *entry, uint64_t tag, uint64_t rule)
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
	unwind_entry_store(&unwind_table[victim], address ^ unwind_mix(rule), rule);
}

void unwind_table_forget(uintptr_t start, uintptr_t end)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		struct unwind_entry *entry = &unwind_table[i];
		uint64_t tag = __atomic_load_n(&entry->tag, __ATOMIC_RELAXED);
		uint64_t rule = __atomic_load_n(&entry->rule, __ATOMIC_RELAXED);
		uintptr_t address = tag ^ unwind_mix(rule);

		if (address >= start && address < end)
			unwind_entry_store(entry, 0, 0);
	}
}

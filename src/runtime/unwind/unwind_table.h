/*
 * Known rules by code address, for all threads: a hash table that is read and written without a
 * lock, also from signal handlers. A full bucket drops entries; a rule can be made again.
 */
#ifndef RUNTIME_UNWIND_TABLE_H
#define RUNTIME_UNWIND_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"

#define UNWIND_TABLE_BITS 15 /* 512 KiB, of which only used pages take memory */
#define UNWIND_WAYS	  4  /* a cache line */

/*
 * The two words of an entry are written separately, and two threads may write at once: they match
 * only if the first is the address combined with a hash of the second.
 */
struct unwind_entry {
	uint64_t tag;
	uint64_t rule;
};

/*
 * Forked children share it until one of them loads a module: what one child learns, the next need
 * not. An abandoned table is never written: a walk may still be reading it.
 */
extern struct unwind_entry *unwind_table __attribute__((visibility("hidden")));

/* Start-up: makes a table that can be shared. */
void unwind_table_init(void);

/* The process forks, or is the child: other processes have the table too. */
void unwind_table_forked(void);

/* The code at some addresses now differs from another process's: stops sharing the table. */
void unwind_table_leave(void);

static inline uint64_t unwind_mix(uint64_t word)
{
	return word * UINT64_C(0x9e3779b97f4a7c15);
}

static inline unsigned unwind_slot(uintptr_t address)
{
	return (unsigned)(unwind_mix(address) >> (64 - UNWIND_TABLE_BITS));
}

static inline bool unwind_entry_get(const struct unwind_entry *entry, uintptr_t address,
				    uint64_t *rule)
{
	*rule = __atomic_load_n(&entry->rule, __ATOMIC_RELAXED);
	return (__atomic_load_n(&entry->tag, __ATOMIC_RELAXED) ^ unwind_mix(*rule)) == address;
}

/* Searches beyond the first place of an address. */
bool unwind_table_find(uintptr_t address, uint64_t *rule);
void unwind_table_put(uintptr_t address, uint64_t rule);
void unwind_table_forget(uintptr_t start, uintptr_t end);

/* Budget: half of the 7 ns that a walk takes for a frame. */
static inline bool unwind_table_get(uintptr_t address, uint64_t *rule)
{
	if (LIKELY(unwind_entry_get(&unwind_table[unwind_slot(address)], address, rule)))
		return true;
	return unwind_table_find(address, rule);
}

#endif

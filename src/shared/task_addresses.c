#include <string.h>

#include "task_vtable.h"

/* Open addressing: at most half full. */
#define ADDRESS_TABLE_SIZE 16384

struct task_addresses {
	unsigned count;
	uintptr_t lowest, highest;
	uintptr_t table[ADDRESS_TABLE_SIZE]; /* 0: free */
};

static struct task_addresses sets[ADDRESSES_SETS];

struct task_addresses *task_addresses_clear(enum task_addresses_of which)
{
	if (sets[which].count)
		memset(&sets[which], 0, sizeof sets[which]);
	return &sets[which];
}

static unsigned address_place_of(const struct task_addresses *addresses, uintptr_t address)
{
	unsigned i = (unsigned)((address * 0x9e3779b97f4a7c15) >> 50);

	_Static_assert(ADDRESS_TABLE_SIZE == 1 << (64 - 50), "the hash fills the table");
	while (addresses->table[i] && addresses->table[i] != address)
		i = (i + 1) % ADDRESS_TABLE_SIZE;
	return i;
}

bool task_addresses_add(struct task_addresses *addresses, uintptr_t address)
{
	unsigned i = address_place_of(addresses, address);

	if (addresses->table[i])
		return true;
	if (!address || addresses->count >= ADDRESS_TABLE_SIZE / 2)
		return false;
	addresses->table[i] = address;
	if (!addresses->count++ || address < addresses->lowest)
		addresses->lowest = address;
	if (address > addresses->highest)
		addresses->highest = address;
	return true;
}

bool task_addresses_has(const struct task_addresses *addresses, uintptr_t address)
{
	return addresses->count && address >= addresses->lowest && address <= addresses->highest &&
	       addresses->table[address_place_of(addresses, address)];
}

unsigned task_addresses_count(const struct task_addresses *addresses)
{
	return addresses->count;
}

#include "tokio_scan.h"

#include <string.h>

#include "../compiler.h"

#define FUNCTIONS     7
#define OLD_FUNCTIONS 5 /* 1.0 has no more */

/* In words from poll. */
#define TRAILER	  7
#define SCHEDULER 8
#define ID	  9
#define WORDS	  10

/* Not larger than any future; only to tell a size from an address. */
#define LARGEST_TASK (64UL << 20)
/* An Arc is 8 bytes; BlockingSchedule has been 0, 16 and 32. */
#define LARGEST_SCHEDULER 64

/*
 * The header has four words; with tokio_unstable up to six (tracing_id, scheduled_at). What follows
 * is aligned as the future is: rarely to more than 128.
 */
#define SMALLEST_HEADER 0x20
#define LARGEST_HEADER	0x80

/* Open addressing: never more than half full. */
#define TABLE_SIZE 16384

struct tokio_addresses {
	unsigned count;
	uintptr_t lowest, highest;
	uintptr_t table[TABLE_SIZE]; /* 0: free */
};

static struct tokio_addresses only; /* modules are added one after the other */

struct tokio_addresses *tokio_addresses_clear(void)
{
	if (only.count)
		memset(&only, 0, sizeof only);
	return &only;
}

static unsigned place_of(const struct tokio_addresses *addresses, uintptr_t address)
{
	unsigned i = (unsigned)((address * 0x9e3779b97f4a7c15) >> 50);

	_Static_assert(TABLE_SIZE == 1 << (64 - 50), "the hash fills the table");
	while (addresses->table[i] && addresses->table[i] != address)
		i = (i + 1) % TABLE_SIZE;
	return i;
}

bool tokio_addresses_add(struct tokio_addresses *addresses, uintptr_t address)
{
	unsigned i = place_of(addresses, address);

	if (addresses->table[i])
		return true;
	if (!address || addresses->count >= TABLE_SIZE / 2)
		return false;
	addresses->table[i] = address;
	if (!addresses->count++ || address < addresses->lowest)
		addresses->lowest = address;
	if (address > addresses->highest)
		addresses->highest = address;
	return true;
}

static bool has(const struct tokio_addresses *addresses, uintptr_t address)
{
	return addresses->count && address >= addresses->lowest && address <= addresses->highest &&
	       addresses->table[place_of(addresses, address)];
}

static bool are_functions(const struct tokio_region *region, const uint64_t *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (words[i] < region->text_start || words[i] >= region->text_end)
			return false;
	return true;
}

static bool are_offsets(uint64_t trailer, uint64_t scheduler, uint64_t id)
{
	return (scheduler & 7) == 0 && scheduler >= SMALLEST_HEADER &&
	       scheduler <= LARGEST_HEADER && (id & 7) == 0 && id >= scheduler &&
	       id - scheduler <= LARGEST_SCHEDULER && (trailer & 7) == 0 && trailer > id &&
	       trailer < LARGEST_TASK;
}

static bool has_shape(const struct tokio_region *region, const uint64_t *words)
{
	return are_offsets(words[TRAILER], words[SCHEDULER], words[ID]) &&
	       are_functions(region, words, FUNCTIONS);
}

void tokio_scan(const struct tokio_region *region, const struct tokio_addresses *polls,
		void (*visit)(const struct tokio_vtable *vtable, void *data), void *data)
{
	uint64_t *words = (uint64_t *)((region->start + 7) & ~(uintptr_t)7);
	uint64_t *end = (uint64_t *)(region->end & ~(uintptr_t)7);
	struct tokio_vtable vtable = { 0 };

	for (; words + OLD_FUNCTIONS <= end; words++) {
		/* Nearly every word fails the first comparison: 0.4 ns a word. */
		vtable.by_shape =
			words + WORDS <= end &&
			words[SCHEDULER] - SMALLEST_HEADER <= LARGEST_HEADER - SMALLEST_HEADER &&
			has_shape(region, words);
		if (!vtable.by_shape &&
		    !(polls && has(polls, *words) && are_functions(region, words, OLD_FUNCTIONS)))
			continue;
		vtable.words = words;
		vtable.job = vtable.by_shape && words[ID] - words[SCHEDULER] != sizeof(void *);
		visit(&vtable, data);
		words += (vtable.by_shape ? WORDS : OLD_FUNCTIONS) - 1;
	}
}

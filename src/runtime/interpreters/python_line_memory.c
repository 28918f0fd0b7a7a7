#include "python_line_memory.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/memory.h"

#define KNOWN_LINES 2048 /* 512 KiB, of which a small program touches little */
#define LINE_WORDS  (sizeof(struct python_known_line) / sizeof(uint64_t))
#define HEAD_WORDS  (offsetof(struct python_known_line, text) / sizeof(uint64_t))

typedef uint64_t __attribute__((may_alias)) word_alias;

_Static_assert(sizeof(struct python_known_line) % sizeof(uint64_t) == 0, "whole words");
_Static_assert(offsetof(struct python_known_line, text) % sizeof(uint64_t) == 0, "whole words");
_Static_assert(sizeof(struct python_place) == 2 * sizeof(uint64_t),
	       "the first words are the place");

/* Odd while a thread writes. One that forked meanwhile leaves a slot behind that stays unused. */
static struct line_slot {
	uint64_t sequence;
	uint64_t words[LINE_WORDS];
} slots[KNOWN_LINES] MEMORY_TABLE;

static struct line_slot *line_slot_of(const struct python_place *place)
{
	uint64_t mixed =
		(place->code >> 4 ^ (uint64_t)place->at << 20) * UINT64_C(0x9e3779b97f4a7c15);

	return &slots[mixed >> 32 & (KNOWN_LINES - 1)];
}

static inline uint64_t load_word(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

bool python_known_line_find(const struct python_place *place, struct python_known_line *line)
{
	const struct line_slot *slot = line_slot_of(place);
	uint64_t before = __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE);
	word_alias *words = (word_alias *)line;
	size_t used;

	if (before & 1 || load_word(&slot->words[0]) != place->code ||
	    load_word(&slot->words[1]) != (uint64_t)place->at)
		return false;
	for (size_t i = 0; i < HEAD_WORDS; i++)
		words[i] = load_word(&slot->words[i]);
	used = ((size_t)line->file_length + line->function_length + 7) / sizeof *words;
	for (size_t i = HEAD_WORDS; i < HEAD_WORDS + used && i < LINE_WORDS; i++)
		words[i] = load_word(&slot->words[i]);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load_word(&slot->sequence) == before;
}

void python_known_line_keep(const struct python_known_line *line)
{
	struct line_slot *slot = line_slot_of(&line->place);
	const word_alias *words = (const word_alias *)line;
	uint64_t before = load_word(&slot->sequence);

	if (before & 1 || !__atomic_compare_exchange_n(&slot->sequence, &before, before + 1, false,
						       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (size_t i = 0; i < LINE_WORDS; i++)
		__atomic_store_n(&slot->words[i], words[i], __ATOMIC_RELAXED);
	__atomic_store_n(&slot->sequence, before + 2, __ATOMIC_RELEASE);
}

/* Two sums side by side: a table of 300 bytes takes 30 ns. */
uint64_t python_table_hash(const void *table, size_t size)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15), other = UINT64_C(0xc2b2ae3d27d4eb4f);
	uint64_t one = size, two = odd, word[2];
	const char *at = table;

	for (; size >= sizeof word; size -= sizeof word, at += sizeof word) {
		memcpy(word, at, sizeof word);
		one = (one ^ word[0]) * odd;
		two = (two ^ word[1]) * other;
		one ^= one >> 29;
		two ^= two >> 31;
	}
	memset(word, 0, sizeof word);
	memcpy(word, at, size);
	one = (one ^ word[0]) * odd;
	two = (two ^ word[1]) * other;
	return one ^ one >> 29 ^ (two ^ two >> 31) * odd;
}

/* Finds the state word of a guard's lock. */
#include <string.h>

#include "guard_word.h"
#include "layout_build.h"

#define MAX_LOCK_DEPTH 10

/* The meaning of a word's bits, by the type that contains it; in all others any set bit means
 * locked. */
static const struct {
	const char *type;
	uint64_t mask;
} masks[] = {
	/* library/std/src/sys/sync/rwlock/futex.rs: the upper two bits describe waiters. */
	{ "std::sys::sync::rwlock::futex::RwLock", 0x3fffffff },
	/* parking_lot/src/raw_mutex.rs, raw_rwlock.rs: separate bits describe parked threads. */
	{ "parking_lot::raw_mutex::RawMutex", 1 },
	{ "parking_lot::raw_rwlock::RawRwLock", ~UINT64_C(3) },
};

static uint64_t mask_of(const char *type, uint64_t size)
{
	for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
		if (!strcmp(masks[i].type, type))
			return masks[i].mask;
	return size < 8 ? (UINT64_C(1) << 8 * size) - 1 : UINT64_MAX;
}

/* std's writers wait on their own word. A parking_lot writer that waits for readers uses the
 * address after the lock's. */
static void layout_find_waits(Dwarf_Die *whole, const char *name, uint64_t offset,
			      struct layout_word *word)
{
	Dwarf_Die member;

	if (!strcmp(name, "parking_lot::raw_rwlock::RawRwLock"))
		word->waits = word->offset + 1;
	if (strcmp(name, "std::sys::sync::rwlock::futex::RwLock") != 0)
		return;
	DIE_FOR_EACH_CHILD(member, whole)
	if (dwarf_tag(&member) == DW_TAG_member && !strcmp(die_name(&member), "writer_notify"))
		word->waits =
			(uint32_t)(offset + die_number(&member, DW_AT_data_member_location, 0));
}

/* The first integer with interior mutability in a lock; the protected data follows it. */
static bool lock_find_word(struct layout_builder *builder, Dwarf_Die *whole, const char *inside,
			   uint64_t offset, struct layout_word *word, int depth)
{
	const char *name = types_name(&builder->types, whole);
	Dwarf_Die member, type;

	if (depth > MAX_LOCK_DEPTH || !types_resolve(&builder->types, whole))
		return false;
	if (!strncmp(name, "core::sync::atomic::Atomic", 26) ||
	    !strcmp(name, "core::cell::Cell<isize>")) {
		word->size = (uint32_t)die_size(whole);
		word->offset = (uint32_t)offset;
		word->mask = mask_of(inside, word->size);
		return word->size && word->size <= 8;
	}
	if (dwarf_tag(whole) != DW_TAG_structure_type)
		return false;
	DIE_FOR_EACH_CHILD(member, whole)
	{
		if (dwarf_tag(&member) != DW_TAG_member ||
		    guard_word_is_subject(die_name(&member)) ||
		    !die_reference(&member, DW_AT_type, &type) ||
		    !lock_find_word(builder, &type, name,
				    offset + die_number(&member, DW_AT_data_member_location, 0),
				    word, depth + 1))
			continue;
		layout_find_waits(whole, name, offset, word);
		return true;
	}
	return false;
}

static bool find_lock(struct layout_builder *builder, Dwarf_Die *guard, uint64_t offset,
		      struct layout_word *word, int depth)
{
	Dwarf_Die member, type, lock;

	if (depth > MAX_LOCK_DEPTH || !types_resolve(&builder->types, guard))
		return false;
	DIE_FOR_EACH_CHILD(member, guard)
	{
		uint64_t at = offset + die_number(&member, DW_AT_data_member_location, 0);

		if (dwarf_tag(&member) != DW_TAG_member ||
		    guard_word_is_subject(die_name(&member)) ||
		    !die_reference(&member, DW_AT_type, &type))
			continue;
		if (dwarf_tag(&type) == DW_TAG_pointer_type) {
			word->pointer = (uint32_t)at;
			if (die_reference(&type, DW_AT_type, &lock) &&
			    lock_find_word(builder, &lock, "", 0, word, 0))
				return true;
		} else if (dwarf_tag(&type) == DW_TAG_structure_type &&
			   find_lock(builder, &type, at, word, depth + 1)) {
			return true;
		}
	}
	return false;
}

uint32_t layout_add_word(struct layout_builder *builder, Dwarf_Die *guard)
{
	struct layout_word word = { .waits = LAYOUT_NONE };
	uint32_t count = (uint32_t)builder->counts[LAYOUT_WORDS];
	Dwarf_Die type = *guard;

	if (!find_lock(builder, &type, 0, &word, 0))
		return LAYOUT_NONE;
	for (uint32_t i = 0; i < count; i++)
		if (!memcmp(&builder->words[i], &word, sizeof word))
			return i;
	*LAYOUT_ADD(builder, words, LAYOUT_WORDS) = word;
	return count;
}

/* parking_lot_core/src/parking_lot.rs: a thread's futex, and the key on which it is parked. */
int32_t layout_parking(struct layout_builder *builder)
{
	const struct named_die *data = types_named(builder->types.definitions,
						   "parking_lot_core::parking_lot::ThreadData");
	uint64_t parker = UINT64_MAX, key = UINT64_MAX;
	Dwarf_Die whole, member;

	if (!data)
		return 0;
	whole = data->die;
	DIE_FOR_EACH_CHILD(member, &whole)
	{
		uint64_t at = die_number(&member, DW_AT_data_member_location, UINT64_MAX);

		if (!strcmp(die_name(&member), "parker"))
			parker = at;
		if (!strcmp(die_name(&member), "key"))
			key = at;
	}
	return parker < 4096 && key < 4096 ? (int32_t)(key - parker) : 0;
}

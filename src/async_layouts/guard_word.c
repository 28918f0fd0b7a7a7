#include "guard_word.h"

#include <string.h>

#include "symbols/dies.h"

#define MAX_LOCK_DEPTH 10

bool guard_word_is_subject(const char *member)
{
	return !strcmp(member, "data") || !strcmp(member, "value") || !strcmp(member, "poison");
}

/* Finds the first number with interior mutability, and its offset. */
static bool find_state(Dwarf_Die *whole, uint64_t offset, struct guard_word *word, int depth)
{
	Dwarf_Die member, type;

	if (depth > MAX_LOCK_DEPTH || dwarf_tag(whole) != DW_TAG_structure_type)
		return false;
	if (!strncmp(die_name(whole), "Atomic", 6)) {
		word->word = word->waits = offset;
		return true;
	}
	DIE_FOR_EACH_CHILD(member, whole)
	{
		const char *name = die_name(&member);

		if (dwarf_tag(&member) != DW_TAG_member || guard_word_is_subject(name) ||
		    !die_reference(&member, DW_AT_type, &type) ||
		    !find_state(&type, offset + die_number(&member, DW_AT_data_member_location, 0),
				word, depth + 1))
			continue;
		return true;
	}
	return false;
}

/* std's read-write lock: writers wait on a separate word. */
static void guard_find_waits(Dwarf_Die *whole, uint64_t offset, struct guard_word *word, int depth)
{
	Dwarf_Die member, type;

	DIE_FOR_EACH_CHILD(member, whole)
	{
		uint64_t at = offset + die_number(&member, DW_AT_data_member_location, 0);

		if (dwarf_tag(&member) != DW_TAG_member || guard_word_is_subject(die_name(&member)))
			continue;
		if (!strcmp(die_name(&member), "writer_notify"))
			word->waits = at;
		else if (depth < MAX_LOCK_DEPTH && die_reference(&member, DW_AT_type, &type) &&
			 dwarf_tag(&type) == DW_TAG_structure_type)
			guard_find_waits(&type, at, word, depth + 1);
	}
}

static bool guard_find_pointer(Dwarf_Die *guard, uint64_t offset, struct guard_word *word,
			       int depth)
{
	Dwarf_Die member, type, lock;

	DIE_FOR_EACH_CHILD(member, guard)
	{
		uint64_t at = offset + die_number(&member, DW_AT_data_member_location, 0);

		if (dwarf_tag(&member) != DW_TAG_member ||
		    guard_word_is_subject(die_name(&member)) ||
		    !die_reference(&member, DW_AT_type, &type))
			continue;
		if (dwarf_tag(&type) == DW_TAG_pointer_type &&
		    die_reference(&type, DW_AT_type, &lock) && find_state(&lock, 0, word, 0)) {
			word->pointer = at;
			guard_find_waits(&lock, 0, word, 0);
			return true;
		}
		if (dwarf_tag(&type) == DW_TAG_structure_type && depth < MAX_LOCK_DEPTH &&
		    guard_find_pointer(&type, at, word, depth + 1))
			return true;
	}
	return false;
}

bool guard_word_find(Dwarf_Die *guard, struct guard_word *word)
{
	const char *name = die_name(guard);
	size_t length = strcspn(name, "<");

	memset(word, 0, sizeof *word);
	word->size = die_size(guard);
	return dwarf_tag(guard) == DW_TAG_structure_type && length > 5 &&
	       !strncmp(name + length - 5, "Guard", 5) && guard_find_pointer(guard, 0, word, 0);
}

/* Frequent queries on debug information entries, with defaults for missing attributes. */
#ifndef DEBUG_INFO_DIES_H
#define DEBUG_INFO_DIES_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

/* "" if it has no name. */
const char *die_name(Dwarf_Die *die);
bool die_flag(Dwarf_Die *die, unsigned attribute);
uint64_t die_number(Dwarf_Die *die, unsigned attribute, uint64_t otherwise);
bool die_reference(Dwarf_Die *die, unsigned attribute, Dwarf_Die *to);

/*
 * Where it is declared; NULL if unknown. Unlike dwarf_decl_file() of elfutils before 0.190, it
 * handles file number 0, the first of DWARF 5, and does not abort if a split unit has no list.
 */
const char *die_file(Dwarf_Die *die);

/*
 * Normalises "/a/./b" to "/a/b"; makes a relative path absolute, from the compilation directory of
 * the unit of `die`. The caller frees it.
 */
char *die_path(Dwarf_Die *die, const char *path);

/* In bytes; 0 if unknown. */
uint64_t die_size(Dwarf_Die *die);

/* Struct, union, class or enumeration. */
bool die_is_aggregate(Dwarf_Die *die);

#define DIE_FOR_EACH_CHILD(child, parent)                                                          \
	for (int child##_end = dwarf_child(parent, &(child)); !child##_end;                        \
	     child##_end = dwarf_siblingof(&(child), &(child)))

#endif

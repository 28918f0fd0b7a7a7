/* What is asked of an entry of debug information again and again, with defaults where it is silent.
 */
#ifndef DEBUG_INFO_DIES_H
#define DEBUG_INFO_DIES_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

/* "" for one without a name. */
const char *die_name(Dwarf_Die *die);
bool die_flag(Dwarf_Die *die, unsigned attribute);
uint64_t die_number(Dwarf_Die *die, unsigned attribute, uint64_t otherwise);
bool die_reference(Dwarf_Die *die, unsigned attribute, Dwarf_Die *to);

/*
 * Where it is declared; NULL when not told. Unlike dwarf_decl_file() of elfutils before 0.190 it
 * knows that the first file of DWARF 5 has the number 0, and does not abort where a split unit has
 * no list.
 */
const char *die_file(Dwarf_Die *die);

/*
 * "/a/./b" as "/a/b"; a path relative to the directory that the unit of `die` was compiled in as
 * an absolute one. To be freed.
 */
char *die_path(Dwarf_Die *die, const char *path);

/* In bytes; 0 when not told. */
uint64_t die_size(Dwarf_Die *die);

/* Struct, union, class or enumeration. */
bool die_is_aggregate(Dwarf_Die *die);

#define DIE_FOR_EACH_CHILD(child, parent)                                                          \
	for (int child##_end = dwarf_child(parent, &(child)); !child##_end;                        \
	     child##_end = dwarf_siblingof(&(child), &(child)))

#endif

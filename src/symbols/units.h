/* The compilation units of one file, by address. */
#ifndef DEBUG_INFO_UNITS_H
#define DEBUG_INFO_UNITS_H

#include "functions.h"

struct unit {
	Dwarf_Die die;	/* has the lines; a skeleton if the unit is split */
	Dwarf_Die body; /* has the functions: the .dwo's if the unit is split */
	bool searched;	/* the functions have been read, without nested ones */
	bool searched_deep;
	struct functions functions;
};

struct units {
	struct unit *items;
	size_t count, room;
	struct spans spans; /* value: place in items */
};

/* Reads one entry per unit. Ranges outside `code` are left over from functions that the linker
 * dropped. */
void units_init(struct units *units, Dwarf *dwarf, const struct spans *code);
void units_deinit(struct units *units);

/* NULL if no unit covers the address. */
struct unit *units_find(const struct units *units, uint64_t address);

/* As functions_find. */
size_t unit_functions(struct unit *unit, uint64_t address, Dwarf_Die chain[FUNCTIONS_MAX_CHAIN]);

/* File and line of an instruction, 0 for no line; false if the line table has none. */
bool unit_line(struct unit *unit, uint64_t address, const char **file, int *line);

#endif

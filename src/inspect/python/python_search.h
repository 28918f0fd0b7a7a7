/* Finds objects of CPython by their types, without symbols: in all memory that a program writes. */
#ifndef INSPECT_PYTHON_SEARCH_H
#define INSPECT_PYTHON_SEARCH_H

#include "python_objects.h"

struct python_addresses {
	uint64_t *items;
	size_t count, room;
};

void python_addresses_add(struct python_addresses *addresses, uint64_t address);
void python_addresses_deinit(struct python_addresses *addresses);
bool python_addresses_have(const struct python_addresses *addresses, uint64_t address);

/* Adds the types of this name: there is one for each interpreter. */
void python_find_types(struct python_reader *reader, const char *name,
		       struct python_addresses *types);

/* Adds the types that are derived from those given. */
void python_find_derived(struct python_reader *reader, struct python_addresses *types);

/* Adds the living objects of these types. */
void python_find_objects(struct python_reader *reader, const struct python_addresses *types,
			 struct python_addresses *objects);

#endif

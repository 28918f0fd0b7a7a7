/* Libraries that are used if they are there. */
#ifndef SUPPORT_LIBRARY_H
#define SUPPORT_LIBRARY_H

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* Stores a function's address in the pointer at `function`. NULL is no library. */
static inline bool library_symbol(void *handle, const char *name, void *function)
{
	void *found = handle ? dlsym(handle, name) : NULL;

	memcpy(function, &found, sizeof found);
	return found;
}

#endif

/* The libraries that a program's loader would bring in at its start. */
#ifndef TOOLS_LOADED_LIBRARIES_H
#define TOOLS_LOADED_LIBRARIES_H

/*
 * Asks the program's own loader, which maps and runs nothing of the program. `visit` gets a path
 * or, for one that is not found, a NULL path with its name or the loader's words. Returns 0 or
 * -errno.
 */
int loaded_libraries(const char *loader, const char *program,
		     void (*visit)(const char *path, const char *name, void *data), void *data);

#endif

/* The libraries that a program's loader would bring in at its start. */
#ifndef TOOLS_LOADED_LIBRARIES_H
#define TOOLS_LOADED_LIBRARIES_H

/*
 * Read out of the files, by the rules of ld.so(8); nothing of the program is run, and not the
 * loader that it names. `visit` gets a path or, for one that is not found, a NULL path with its
 * name.
 */
void loaded_libraries(const char *program,
		      void (*visit)(const char *path, const char *name, void *data), void *data);

#endif

/* The libraries that the loader would load when a program starts. */
#ifndef TOOLS_LOADED_LIBRARIES_H
#define TOOLS_LOADED_LIBRARIES_H

/*
 * Reads the files by the rules of ld.so(8), without running the program or its loader. `visit` gets
 * a path or, for a library that is not found, a NULL path with its name.
 */
void loaded_libraries(const char *program,
		      void (*visit)(const char *path, const char *name, void *data), void *data);

#endif

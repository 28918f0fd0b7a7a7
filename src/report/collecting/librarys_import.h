/* Whether a library imported a module by itself, by the frames of a script, innermost first. */
#ifndef REPORT_COLLECTING_LIBRARYS_IMPORT_H
#define REPORT_COLLECTING_LIBRARYS_IMPORT_H

#include <stdbool.h>

struct stack;

/* The call is Python's import, made by library code, or Node's own for an import(). */
bool import_is_librarys(const struct stack *script);

/* The call is Node's require or import, made by a package. */
bool import_is_of_package(const struct stack *script);

/* The call lies below a library's import, in a module's body, and the program asked for none. */
bool import_is_around(const struct stack *script);

/* It lies below an import that the program asked for, whatever that imports further. */
bool import_is_programs(const struct stack *script);

#endif

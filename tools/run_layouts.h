/* Prepares what the runtime needs to know of a program's async functions, before the program
 * starts. */
#ifndef TOOLS_RUN_LAYOUTS_H
#define TOOLS_RUN_LAYOUTS_H

#include <stdbool.h>

struct options;
struct program;

/* Sets the tables' directory in `options`. False: there is none, or the user has named another one,
 * which the user fills. */
bool run_layouts_name(struct options *options);

/* Reads the debug information of a program with async functions into that directory, unless already
 * done. Skips what is unavailable; ends the process if out of memory. */
void run_layouts_read(const struct program *program);

#endif

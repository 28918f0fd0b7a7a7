/* What the runtime is to know of a program's async functions, ready before the program starts. */
#ifndef TOOLS_RUN_LAYOUTS_H
#define TOOLS_RUN_LAYOUTS_H

#include <stdbool.h>

struct options;
struct program;

/* Names in `options` the directory where the tables lie. False: there is none, or the user has
 * named another, which is the user's to fill. */
bool run_layouts_name(struct options *options);

/* Reads the debug information of a program with async functions in it into that directory, unless
 * that was done before. What cannot be had is left out; no memory ends the process. */
void run_layouts_read(const struct program *program);

#endif

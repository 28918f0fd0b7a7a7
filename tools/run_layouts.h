/* What the runtime is to know of a program's async functions, ready before the program starts. */
#ifndef TOOLS_RUN_LAYOUTS_H
#define TOOLS_RUN_LAYOUTS_H

struct options;
struct program;

/* Reads the debug information of a program with Tokio in it, unless that was done before, and names
 * the directory where the result lies in `options`. What cannot be had is left out. */
void run_layouts_prepare(const struct program *program, struct options *options);

#endif

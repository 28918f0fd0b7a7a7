/* The runtime's options as text: for the environment of a watched program, and
 * for error messages. */
#ifndef TOOLS_OPTIONS_TEXT_H
#define TOOLS_OPTIONS_TEXT_H

#include <stdbool.h>

#include "shared/options.h"

/* All options at full length, with every character escaped. */
#define OPTIONS_TEXT_SIZE (2 * sizeof(struct options) + 1024)

/* Writes the options that differ from their defaults, for options_parse to read back. */
void options_write(const struct options *options, char text[OPTIONS_TEXT_SIZE]);

/* Prints one sentence on standard error; `source` is where the entry was found ("--set", a
 * variable). */
void option_error_print(const struct option_error *error, const char *source);

/* Whether YIELDSAN_OPTIONS can be parsed, or is not set. Prints the reason if not. */
bool options_environment_is_right(void);

#endif

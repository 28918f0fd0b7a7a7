/* Whether a machine's processors are all taken, by what /proc/loadavg says. */
#ifndef SHARED_LOAD_H
#define SHARED_LOAD_H

#include <stdbool.h>

#define LOAD_PATH "/proc/loadavg"
#define LOAD_SIZE 128 /* bytes of its text, which is one line */

/* Who read `text`, a string, was one of those that ran, and wants no processor of its own. */
bool load_is_full(const char *text, long processors);

#endif

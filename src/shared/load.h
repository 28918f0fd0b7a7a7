/* Whether a machine's processors are all taken, by what /proc/loadavg and /proc/pressure say. */
#ifndef SHARED_LOAD_H
#define SHARED_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#define LOAD_PATH	   "/proc/loadavg"
#define LOAD_PRESSURE_PATH "/proc/pressure/cpu"
#define LOAD_DISKS_PATH	   "/proc/pressure/io"
#define LOAD_SIZE	   256 /* bytes of their texts, of one and two lines */

/* Who read `text`, a string, was one of those that ran, and wants no processor of its own. */
bool load_is_full(const char *text, long processors);

/* For how long some thread has waited for a processor since the machine started; 0: it does not
 * say. */
uint64_t load_pressure_ns(const char *text);

#endif

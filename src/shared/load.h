/* Whether all CPUs of the machine are busy, according to /proc/loadavg and /proc/pressure. */
#ifndef SHARED_LOAD_H
#define SHARED_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#define LOAD_PATH	   "/proc/loadavg"
#define LOAD_PRESSURE_PATH "/proc/pressure/cpu"
#define LOAD_DISKS_PATH	   "/proc/pressure/io"
#define LOAD_SIZE	   256 /* bytes of their texts, of one and two lines */

/* `text`: a string. The reader was one of the running threads, and is not counted. */
bool load_is_full(const char *text, long processors);

/* Total time that some thread has waited for a CPU since the machine started; 0: not available. */
uint64_t load_pressure_ns(const char *text);

#endif

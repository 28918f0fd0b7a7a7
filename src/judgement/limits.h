/* The thresholds of limits.def, and those that are options, in one unit: nanoseconds. */
#ifndef JUDGEMENT_LIMITS_H
#define JUDGEMENT_LIMITS_H

#include <stdint.h>

#define LIMIT(name, value, unit, why) LIMIT_##name = value,
enum judgement_limit {
#include "limits.def"
};
#undef LIMIT

struct options;

/* Of one process: its options. */
struct limits {
	uint64_t wait_ns; /* a wait for others, a lock or data is an error from here on */
	uint64_t disk_ns; /* and one for a disk, the program's own output or metadata */
	uint64_t turn_warning_ns, turn_error_ns;
};

struct limits limits_of(const struct options *options);

#endif

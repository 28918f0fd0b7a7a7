/* All thresholds, those of limits.def and those that are options, in nanoseconds. */
#ifndef JUDGEMENT_LIMITS_H
#define JUDGEMENT_LIMITS_H

#include <stdint.h>

#define LIMIT(name, value, unit, why) LIMIT_##name = value,
enum judgement_limit {
#include "limits.def"
};
#undef LIMIT

struct options;

/* The limits of one process: its options. */
struct limits {
	uint64_t wait_ns; /* errors from here on: waits for others, locks or data */
	uint64_t disk_ns; /* errors from here on: waits for a disk, the program's own output or
			     metadata */
	uint64_t turn_warning_ns, turn_error_ns;
};

struct limits limits_of(const struct options *options);

#endif

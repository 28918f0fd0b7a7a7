/*
 * Option `log': the runtime's decisions in words, for finding the cause of a false alarm. One line
 * per write, appended; the file is opened for each line, so that the program sees no additional
 * descriptor.
 */
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

#include <stdbool.h>

#include "compiler.h"
#include "runtime.h"

static inline bool log_is_wanted(void)
{
	return UNLIKELY(runtime_options.log[0]);
}

/* `format`: only %s and %u (uint64_t). Prefixed with "PID TID: ", and a newline is appended. */
COLD void log_line(const char *format, ...);

#define LOG(...)                                                                                   \
	do {                                                                                       \
		if (log_is_wanted())                                                               \
			log_line(__VA_ARGS__);                                                     \
	} while (0)

#endif

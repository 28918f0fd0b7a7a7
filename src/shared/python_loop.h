/* Event loops written in Python: those with a PYTHON_LOOP in executors/. */
#ifndef SHARED_PYTHON_LOOP_H
#define SHARED_PYTHON_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include "executors/executors.h"

struct python_loop {
	enum executor_id executor;
	const char *package;  /* the executor's package */
	const char *file;     /* part of the path of the loop function's file; "": any */
	const char *function; /* the function in which the loop waits, and that runs callbacks */
};

/* The loop with this function; NULL: none. Python 3.13 and later may write `Class.function`. */
const struct python_loop *python_loop_of(const char *function, size_t function_length,
					 const char *file, size_t file_length);

/* Whether a function of this file may be between a loop's function and the loop's own wait. */
bool python_loop_waits_in(const char *file, size_t length);

/* By its executor, and by its package's name, which ends at `length`; NULL. */
const struct python_loop *python_loop_of_executor(enum executor_id executor);
const struct python_loop *python_loop_of_package(const char *package, size_t length);

#endif

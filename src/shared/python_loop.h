/* Event loops written in Python: the one place that knows them; a further one is a line there. */
#ifndef SHARED_PYTHON_LOOP_H
#define SHARED_PYTHON_LOOP_H

#include <stdbool.h>
#include <stddef.h>

struct python_loop {
	const char *name;     /* of the executor */
	const char *package;  /* whose functions are the executor's */
	const char *file;     /* part of the path of the loop's function; "": any */
	const char *function; /* within it the loop waits, and its callbacks run */
};

/* The loop whose function this is; NULL. Python 3.13 and later may say `Class.function`. */
const struct python_loop *python_loop_of(const char *function, size_t function_length,
					 const char *file, size_t file_length);

/* Whether a function of this file may stand between a loop's function and the loop's own wait. */
bool python_loop_waits_in(const char *file, size_t length);

/* By its executor's name, and by its package's, which ends at `length`; NULL. */
const struct python_loop *python_loop_named(const char *name);
const struct python_loop *python_loop_of_package(const char *package, size_t length);

#endif

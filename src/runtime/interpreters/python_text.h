/* The characters of a Python str as UTF-8. */
#ifndef RUNTIME_INTERPRETERS_PYTHON_TEXT_H
#define RUNTIME_INTERPRETERS_PYTHON_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Copies characters of `width` bytes (1, 2 or 4), as many as fit, with '?' for those that would
 * break our lines. Returns the number of bytes written.
 */
size_t python_text_copy(const void *characters, unsigned width, size_t count, char *to,
			size_t size);

#endif

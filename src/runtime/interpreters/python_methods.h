/*
 * Replaces methods of CPython's built-in types in the tables from which the types are built
 * (Include/methodobject.h, PyMethodDef).
 */
#ifndef RUNTIME_INTERPRETERS_PYTHON_METHODS_H
#define RUNTIME_INTERPRETERS_PYTHON_METHODS_H

#include <stdbool.h>
#include <stddef.h>

struct module;

/*
 * Every calling convention of a method passes at most four words: object, arguments, their number
 * or names.
 */
typedef void *python_method(void *self, void *first, void *second, void *third);

struct python_replacement {
	const char *name;
	python_method *method;	  /* the replacement */
	python_method **original; /* where to store the original, which is set first */
};

/*
 * Replaces methods of the type whose table contains one called `mark`. False if there is no such
 * table.
 */
bool python_methods_replace(const struct module *interpreter, const char *mark,
			    const struct python_replacement *replacements, size_t count);

#endif

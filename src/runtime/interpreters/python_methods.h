/* Methods of CPython's built-in types, replaced where the types find them: in the tables that its
 * machine code was compiled with (Include/methodobject.h, PyMethodDef). */
#ifndef RUNTIME_INTERPRETERS_PYTHON_METHODS_H
#define RUNTIME_INTERPRETERS_PYTHON_METHODS_H

#include <stdbool.h>
#include <stddef.h>

struct module;

/* Any calling convention of a method passes at most four words: object, arguments, their number or
 * names. */
typedef void *python_method(void *self, void *first, void *second, void *third);

struct python_replacement {
	const char *name;
	python_method *method;	  /* in its place */
	python_method **original; /* that it calls; set first */
};

/* Replaces methods of the type whose table has one called `mark`. False: there is no such table. */
bool python_methods_replace(const struct module *interpreter, const char *mark,
			    const struct python_replacement *replacements, size_t count);

#endif

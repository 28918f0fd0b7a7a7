#include "junit_test_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

/* With dots for all that divides the parts of a name: "a/test_b.py::C::d" is "a.test_b.C.d". */
static char *name_dotted(const char *class, const char *name)
{
	static const char *const dividers[] = { ".py::", "::", " > ", "/" };
	char *text = memory_get(strlen(class) + strlen(name) + 2), *to = text;

	sprintf(text, "%s%s%s", class, *class ? "." : "", name);
	for (const char *from = text; *from;) {
		size_t i = 0, count = sizeof dividers / sizeof *dividers;

		while (i < count && strncmp(from, dividers[i], strlen(dividers[i])) != 0)
			i++;
		from += i < count ? strlen(dividers[i]) : 1;
		*to++ = i < count ? '.' : from[-1];
	}
	*to = '\0';
	return text;
}

/* Whether the last parts of a name are these. */
static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), size = strlen(end);

	return length > size && size && text[length - size - 1] == '.' &&
	       !strcmp(text + length - size, end);
}

/* Mocha's full title: the class, a blank, the name. */
static bool is_full_title(const char *test, const char *class, const char *name)
{
	size_t length = strlen(class);

	return !strncmp(test, class, length) && test[length] == ' ' &&
	       !strcmp(test + length + 1, name);
}

unsigned junit_test_match(const char *class, const char *name, const char *test,
			  const char *program)
{
	char *theirs = name_dotted(class, name), *ours = name_dotted("", test),
	     *group = name_dotted("", class);
	unsigned match = 0;

	if (!strcmp(name, test) && *program &&
	    (!strcmp(group, program) || ends_with(group, program)))
		match = 3;
	else if (!strcmp(theirs, ours) || !strcmp(name, test) || is_full_title(test, class, name))
		match = 2;
	else if (ends_with(theirs, ours) || ends_with(ours, theirs))
		match = 1;
	free(theirs);
	free(ours);
	free(group);
	return match;
}

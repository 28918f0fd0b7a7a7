#include "rust_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shared/text.h"
#include "support/memory.h"

#define LONGEST_ARGUMENTS 40

/* The text after the `>` that closes the `<` at `open`; NULL if it is not closed. */
static const char *behind_brackets(const char *open)
{
	int depth = 0;

	for (const char *at = open; *at; at++) {
		int step = text_bracket(open, at);

		depth += step;
		if (step < 0 && !depth)
			return at + 1;
	}
	return NULL;
}

/* The " as " outside any generic argument; NULL. */
static const char *find_as(const char *from, const char *end)
{
	int depth = 0;

	for (const char *at = from; at + 4 < end; at++) {
		depth += text_bracket(from, at);
		if (!depth && !strncmp(at, " as ", 4))
			return at;
	}
	return NULL;
}

/* The start of a path's last component, ignoring generic arguments. */
static const char *last_part(const char *path, const char *end)
{
	const char *last = path;
	int depth = 0;

	for (const char *at = path; at + 1 < end; at++) {
		depth += text_bracket(path, at);
		if (!depth && !strncmp(at, "::", 2))
			last = at + 2;
	}
	return last;
}

/* For "::method::inner::{{closure}}", the part after the method if it is a name. */
static const char *inner_function(const char *rest)
{
	const char *at = strstr(rest + 2, "::");

	return at && (isalpha((unsigned char)at[2]) || at[2] == '_') ? at : NULL;
}

/* Without the impl around it. */
static const char *without_impl(struct strings *strings, const char *name)
{
	const char *rest = *name == '<' ? behind_brackets(name) : NULL, *as, *type, *type_end;

	if (!rest || strncmp(rest, "::", 2) != 0)
		return name;
	as = find_as(name + 1, rest - 1);
	type = name + 1;
	type_end = as ? as : rest - 1;
	/* The trait says more than a type parameter or a reference. */
	if (as && !memmem(type, (size_t)(type_end - type), "::", 2)) {
		type = as + 4;
		type_end = rest - 1;
	}
	if (!memmem(type, (size_t)(type_end - type), "::", 2) || *type == '&' || *type == '(')
		return name;
	if (as && inner_function(rest)) {
		type_end = last_part(type, type_end) - 2;
		rest = inner_function(rest);
	}
	return strings_print(strings, "%.*s%s", (int)(type_end - type), type, rest);
}

static const char *without_long_arguments(struct strings *strings, const char *name)
{
	char *text = memory_get(strlen(name) + 1), *to = text;
	const char *kept;

	while (*name) {
		const char *end = *name == '<' && to > text ? behind_brackets(name) : NULL;

		if (end && end - name > LONGEST_ARGUMENTS) {
			to = stpcpy(to, "<..>");
			name = end;
			continue;
		}
		*to++ = *name++;
	}
	*to = '\0';
	kept = strings_keep(strings, text);
	free(text);
	return kept;
}

const char *rust_short_name(struct strings *strings, const char *name)
{
	return without_long_arguments(strings, without_impl(strings, name));
}

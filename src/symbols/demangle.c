#include "demangle.h"

#include <libiberty/demangle.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shared/text.h"
#include "support/memory.h"

/* GCC and LLVM append these to functions that they split, specialise or rename. */
static const char *const clone_suffixes[] = {
	".constprop.", ".isra.", ".part.",	".cold",
	".lto_priv.",  ".llvm.", ".localalias", ".clone.",
};

static char *without_suffix(const char *symbol)
{
	size_t length = strcspn(symbol, "@"); /* foo@@VERSION */
	char *name;

	for (size_t i = 0; i < sizeof clone_suffixes / sizeof *clone_suffixes; i++) {
		const char *suffix = strstr(symbol, clone_suffixes[i]);

		if (suffix && suffix > symbol && (size_t)(suffix - symbol) < length)
			length = (size_t)(suffix - symbol);
	}
	name = strndup(symbol, length);
	if (!name)
		memory_exhausted();
	return name;
}

/* The end of the generic arguments that begin at `open`, a '<'; NULL if they do not end. */
static const char *arguments_end(const char *open)
{
	int depth = 0;

	for (const char *at = open; *at; at++) {
		depth += text_bracket(open, at);
		if (!depth)
			return at + 1;
	}
	return NULL;
}

/* `a::b::<T>::c` becomes `a::b::c`, the form of a legacy name. `a::<impl T>::c` stays. */
static void drop_generic_arguments(char *name)
{
	char *to = name;

	for (const char *from = name; *from;) {
		const char *end = NULL;

		if (!strncmp(from, "::<", 3) && strncmp(from, "::<impl ", 8))
			end = arguments_end(from + 2);
		if (end)
			from = end;
		else
			*to++ = *from++;
	}
	*to = '\0';
}

char *demangle(const char *symbol, const char **language)
{
	char *plain = without_suffix(symbol);
	char *name = NULL;

	*language = NULL;
	if (!strncmp(plain, "_R", 2) || !strncmp(plain, "_ZN", 3))
		name = rust_demangle(plain, DMGL_NO_OPTS);
	if (name) {
		*language = "Rust";
		drop_generic_arguments(name);
	} else if (!strncmp(plain, "_Z", 2)) {
		name = cplus_demangle_v3(plain, DMGL_ANSI);
		if (name)
			*language = "C++";
	}
	if (!name)
		return plain;
	free(plain);
	return name;
}

char *demangle_whole(const char *symbol)
{
	char *plain = without_suffix(symbol);
	char *name = rust_demangle(plain, DMGL_NO_OPTS);

	free(plain);
	return name;
}

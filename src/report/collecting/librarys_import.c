#include "librarys_import.h"

#include <string.h>

#include "report/frames/stack.h"
#include "shared/text.h"

static bool is_of_loader(const char *file)
{
	return text_begins(file, "node:internal/modules/");
}

/* Number of innermost frames of Node's own code, if they include its module loader; 0. */
static size_t loader_frames(const struct stack *script)
{
	size_t count = 0;
	bool loads = false;

	for (; count < script->count; count++) {
		const char *file = script->frames[count].file;

		if (!file || !text_begins(file, "node:"))
			break;
		loads |= is_of_loader(file);
	}
	return loads ? count : 0;
}

/* An import made by library code, once: the author cannot avoid it. */
bool import_is_librarys(const struct stack *script)
{
	size_t loader = loader_frames(script), i = 0;

	/* Node resolves or reads what an import() names, after the code that called it has
	 * returned. */
	if (loader)
		return loader == script->count;
	while (i < script->count && script->frames[i].file &&
	       strstr(script->frames[i].file, "<frozen importlib"))
		i++;
	return i && i < script->count && script->frames[i].owner != OWNER_PROGRAM;
}

bool import_is_of_package(const struct stack *script)
{
	size_t loader = loader_frames(script);

	return loader && loader < script->count && script->frames[loader].owner == OWNER_DEPENDENCY;
}

/* The number of frames up to the outermost import below the program's code; 0. `own`: the frames
 * below that code. */
static size_t outermost_import(const struct stack *script, size_t *own)
{
	size_t import = 0;

	for (*own = 0; *own < script->count; ++*own) {
		const char *file = script->frames[*own].file;

		if (script->frames[*own].owner == OWNER_PROGRAM)
			break;
		if (file && (strstr(file, "importlib") || is_of_loader(file)))
			import = *own + 1;
	}
	return import;
}

bool import_is_around(const struct stack *script)
{
	size_t own, import = outermost_import(script, &own);

	return import && import < own;
}

bool import_is_programs(const struct stack *script)
{
	size_t own, import = outermost_import(script, &own);

	return import && import == own && own < script->count;
}

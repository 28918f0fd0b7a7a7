#include "skip.h"

#include <string.h>

#include "runtime/base/runtime.h"
#include "runtime/trace/trace_records.h"
#include "shared/text.h"

static const char interpreters[] = "python*,pypy*,node,nodejs,ruby*,perl*";

/* The first argument that is not an option, or the one after Python's -m; NULL: none. */
static const char *skip_script(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return argv[i];
		if (i + 1 < argc && !strcmp(argv[i], "-m"))
			return argv[i + 1];
		/* Python's -X and -W, Node's -r, Ruby's and Perl's -I are followed by a value. */
		if (strlen(argv[i]) == 2 && strchr("XWrI", argv[i][1]))
			i++;
		else if (!strcmp(argv[i], "-c") || !strcmp(argv[i], "-e"))
			return NULL;
	}
	return NULL;
}

bool process_is_skipped(int argc, char **argv)
{
	const char *name = program_name(), *script;

	if (!runtime_options.skip[0])
		return false;
	if (option_pattern_matches(runtime_options.skip, name))
		return true;
	if (!option_pattern_matches(interpreters, name))
		return false;
	script = skip_script(argc, argv);
	return script && option_pattern_matches(runtime_options.skip, path_name(script));
}

#include "javascript_name.h"

#include <string.h>

#include "inspect/session.h"
#include "report/frames/source_text.h"
#include "report/model/finding.h"
#include "shared/text.h"

#define COUNT(array) (sizeof array / sizeof *array)
#define FAR	     60 /* lines of a function that are searched for a call */

/* Node's modules whose functions users call by the module's name. */
static const char *const modules[] = {
	"assert", "buffer", "child_process", "cluster", "console", "crypto",  "dns",	"fs",
	"http",	  "https",  "net",	     "os",	"path",	   "process", "sqlite", "stream",
	"tls",	  "url",    "util",	     "v8",	"vm",	   "zlib",
};

/* Functions that V8 itself has, by the beginning of its own names for them. */
static const struct {
	const char *inner, *known;
} builtins[] = {
	{ "JsonParse", "JSON.parse" },
	{ "JsonStringify", "JSON.stringify" },
	{ "AtomicsWait", "Atomics.wait" },
	{ "RegExp", "a regular expression" },
	{ "Runtime_RegExp", "a regular expression" },
};

/* The module of "node:internal/crypto/pbkdf2" and "node:fs"; NULL: none that users know. */
static const char *public_module(const char *file)
{
	static const char node[] = "node:", internal[] = "internal/";
	size_t length;

	if (!file || strncmp(file, node, sizeof node - 1) != 0)
		return NULL;
	file += sizeof node - 1;
	if (!strncmp(file, internal, sizeof internal - 1))
		file += sizeof internal - 1;
	length = strcspn(file, "/");
	for (size_t i = 0; i < COUNT(modules); i++)
		if (strlen(modules[i]) == length && !memcmp(modules[i], file, length))
			return modules[i];
	return NULL;
}

static bool is_name(char c)
{
	return is_name_character(c) || c == '$';
}

static bool is_plain(const char *function)
{
	while (is_name(*function))
		function++;
	return !*function;
}

/* All synchronous functions of zlib are one function, so the caller's source shows which it is. */
static const char *zlib_name(struct session *session, const struct frame *caller)
{
	static const char *const names[] = { "gzip",	     "gunzip",	       "deflate",
					     "inflate",	     "deflateRaw",     "inflateRaw",
					     "unzip",	     "brotliCompress", "brotliDecompress",
					     "zstdCompress", "zstdDecompress" };
	const char *line, *found = NULL;
	size_t length;

	for (int i = 0; caller && !found && i < FAR; i++) {
		line = source_text_line(session, caller->file, caller->line + i, &length);
		for (size_t n = 0; line && n < COUNT(names); n++) {
			const char *call = strings_print(&session->strings, "%sSync(", names[n]);
			const char *at = memmem(line, length, call, strlen(call));

			if (!at || (at > line && is_name(at[-1])))
				continue;
			if (found)
				return "zlib.*Sync";
			found = names[n];
		}
	}
	return found ? strings_print(&session->strings, "zlib.%sSync", found) : "zlib.*Sync";
}

const char *javascript_name(struct session *session, const struct frame *frame,
			    const struct frame *caller)
{
	const char *module;

	if (!frame->function)
		return NULL;
	if (frame->owner == OWNER_DEPENDENCY)
		return strings_print(&session->strings, "%s of %s", frame->function,
				     frame->package);
	if (!strcmp(frame->function, "syncBufferWrapper"))
		return zlib_name(session, caller);
	module = public_module(frame->file);
	return module && is_plain(frame->function)
		       ? strings_print(&session->strings, "%s.%s", module, frame->function)
		       : frame->function;
}

/* V8's name of a builtin: "JsonParse" of `Builtins_JsonParse' and `v8::internal::Builtin_..'. */
static const char *inner_name(const char *function)
{
	static const char *const starts[] = { "Builtins_", "v8::internal::Builtin_",
					      "v8::internal::" };

	for (size_t i = 0; i < COUNT(starts); i++)
		if (text_begins(function, starts[i]))
			return function + strlen(starts[i]);
	return "";
}

/*
 * The builtin that JavaScript called last. Code made at run time is a script's function, which may
 * be called by a builtin such as Array.forEach; only a regular expression is also such code.
 */
static const char *builtin_name(const struct stack *native)
{
	bool compiled = false;

	for (size_t i = 0; i < native->count; i++) {
		const char *function = native->frames[i].function, *inner;

		if (!native->frames[i].module) {
			compiled = true;
			continue;
		}
		inner = function ? inner_name(function) : "";
		if (text_begins(inner, "InterpreterEntryTrampoline"))
			break;
		for (size_t b = 0; b < COUNT(builtins); b++)
			if (text_begins(inner, builtins[b].inner) &&
			    (!compiled || strstr(inner, "RegExp")))
				return builtins[b].known;
		if (compiled)
			break;
	}
	return NULL;
}

/* The package of an add-on or its library, by the path: "better-sqlite3", "@scope/name"; else NULL.
 */
static const char *addon_package(struct session *session, const char *module)
{
	static const char mark[] = "/node_modules/";
	const char *at = module, *package = NULL;
	size_t length;

	while (at && (at = strstr(at, mark)))
		package = at += sizeof mark - 1;
	/* Node itself may be a package. */
	if (!package || !(strstr(path_name(package), ".node") || strstr(path_name(package), ".so")))
		return NULL;
	length = strcspn(package, "/");
	if (*package == '@' && package[length])
		length += 1 + strcspn(package + length + 1, "/");
	return strings_keep_part(&session->strings, package, length);
}

/* "get of better-sqlite3" for its `Statement::JS_get', which V8 calls. */
static const char *addon_name(struct session *session, const struct stack *native)
{
	static const char called_by[] = "v8::internal::FunctionCallbackArguments::Call",
			  prefix[] = "JS_";
	const char *package = NULL, *function;
	size_t end = 0;

	for (; end < native->count && native->frames[end].module; end++) {
		const char *here = addon_package(session, native->frames[end].module);

		if (package && !here)
			break;
		package = here;
	}
	if (!package)
		return NULL;
	function = native->frames[end - 1].function;
	for (const char *at = function; at && (at = strstr(at, "::"));)
		function = at += 2;
	if (function && text_begins(function, prefix))
		function += sizeof prefix - 1;
	if (!function || !is_plain(function) || end == native->count ||
	    !native->frames[end].function || strcmp(native->frames[end].function, called_by) != 0)
		function = "a function";
	return strings_print(&session->strings, "%s of %s", function, package);
}

const char *javascript_library_name(struct session *session, const struct finding_stack *stack)
{
	const struct stack *script = &stack->script;
	const struct frame *place = stack_place(script);
	const char *name;

	if (!place)
		return NULL;
	if (script->place)
		return javascript_name(session, &script->frames[script->place - 1], place);
	name = builtin_name(&stack->native);
	return name ? name : addon_name(session, &stack->native);
}

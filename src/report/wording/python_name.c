#include "python_name.h"

#include <string.h>

#include "report/frames/installed.h"
#include "report/frames/source_text.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "shared/text.h"

/* C modules, by the names of the modules that users import. */
static const struct {
	const char *inner, *known;
} public_modules[] = {
	{ "_thread.lock.", "threading.Lock." },
	{ "_thread.", "threading." },
	{ "posix.", "os." },
	{ "builtins.", "" },
	{ "io.open", "open" },
	/* One function serves several types: use the most common. */
	{ "io.BufferedRandom.", "io.BufferedReader." },
	{ "_io.BufferedRandom.", "io.BufferedReader." },
};

#define COUNT(array) (sizeof array / sizeof *array)

/* Where the library's own directories begin; NULL for a file outside any library. */
static const char *in_library(struct session *session, const char *file, bool *standard)
{
	const char *at = installed_path(session, file);

	*standard = !at;
	if (at)
		return at;
	at = strstr(file, "/lib/python");
	return at && strchr(at + 11, '/') ? strchr(at + 11, '/') + 1 : NULL;
}

/* The length of a module's path without ".py" or "/__init__.py". */
static size_t module_length(const char *path)
{
	size_t length = strlen(path);
	static const char *const ends[] = { "/__init__.py", "/__main__.py", ".py" };

	for (size_t i = 0; i < COUNT(ends); i++)
		if (length > strlen(ends[i]) && !strcmp(path + length - strlen(ends[i]), ends[i]))
			return length - strlen(ends[i]);
	return length;
}

/* Finds a whole word, after `from` if that is not NULL. */
static const char *python_find_word(const char *from, const char *end, const char *word,
				    size_t length)
{
	while (from && (from = memmem(from, (size_t)(end - from), word, length))) {
		if (!is_name_character(from[-1]) &&
		    (from + length == end || !is_name_character(from[length])))
			return from;
		from += length;
	}
	return NULL;
}

/*
 * Whether a package re-exports the name: its __init__.py imports it from the module, as that of
 * `requests` does with `from .api import get`.
 */
static bool is_exported(struct session *session, const char *file, const char *package_end,
			const char *module, size_t module_size, const char *name)
{
	const char *init = strings_print(&session->strings, "%.*s/__init__.py",
					 (int)(package_end - file), file);
	size_t size;
	const char *text = source_text(session, init, &size), *end = text ? text + size : NULL, *at;

	/* A word at the very beginning cannot be an import. */
	at = text && size > 1 ? python_find_word(text + 1, end, module, module_size) : NULL;
	return at && python_find_word(at, end, name, strcspn(name, "."));
}

static const char *with_dots(struct session *session, const char *path, size_t length)
{
	char *text = memory_get(length + 1);
	const char *kept;

	for (size_t i = 0; i < length; i++)
		text[i] = path[i] == '/' ? '.' : path[i];
	kept = strings_keep_part(&session->strings, text, length);
	free(text);
	return kept;
}

static const char *name_qualified(struct session *session, const struct frame *frame)
{
	const char *name =
		source_text_python_name(session, frame->file, frame->line, frame->function);

	return name ? name : frame->function;
}

/* "os.path.realpath" for frozen modules: "<frozen posixpath>". */
static const char *frozen_name(struct session *session, const struct frame *frame)
{
	static const char frozen[] = "<frozen ", path[] = "posixpath>";
	const char *module;

	if (!frame->file || strncmp(frame->file, frozen, sizeof frozen - 1) != 0 ||
	    !strncmp(frame->file + sizeof frozen - 1, "importlib", 9))
		return frame->function;
	module = frame->file + sizeof frozen - 1;
	if (!strcmp(module, path))
		return strings_print(&session->strings, "os.path.%s", frame->function);
	return strings_print(&session->strings, "%.*s.%s", (int)strcspn(module, ">"), module,
			     frame->function);
}

const char *python_name(struct session *session, const struct frame *frame)
{
	bool standard = false;
	const char *path = frame->file ? in_library(session, frame->file, &standard) : NULL, *name,
		   *last;
	size_t length, at;

	if (!frame->function)
		return NULL;
	if (!path)
		return frozen_name(session, frame);
	length = module_length(path);
	if (!strcmp(frame->function, "<module>"))
		return strings_print(&session->strings, "import %s",
				     with_dots(session, path, length));
	name = name_qualified(session, frame);
	/* The outermost package that exports it: pandas has read_csv of pandas.io.parsers. */
	for (at = length; (last = memrchr(path, '/', at)); at = (size_t)(last - path))
		if ((at == length && last[1] == '_') ||
		    (!standard && is_exported(session, frame->file, last, last + 1,
					      (size_t)(path + at - last - 1), name)))
			length = (size_t)(last - path);
	return strings_print(&session->strings, "%s.%s", with_dots(session, path, length), name);
}

static bool is_import(const struct frame *frame)
{
	return frame->file && !strncmp(frame->file, "<frozen importlib", 17);
}

/* The module that a line imports: "a.b" for `import a.b as c` and `from a.b import d`. */
static const char *imported_on_line(struct session *session, const struct frame *frame)
{
	static const char *const words[] = { "import ", "from " };
	size_t length, size = 0;
	const char *line = source_text_line(session, frame->file, frame->line, &length), *end;

	if (!line)
		return NULL;
	end = line + length;
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	for (size_t i = 0; i < COUNT(words); i++) {
		size_t skip = strlen(words[i]);

		if ((size_t)(end - line) <= skip || memcmp(line, words[i], skip) != 0)
			continue;
		line += skip;
		while (line + size < end && (is_name_character(line[size]) || line[size] == '.'))
			size++;
		return size ? strings_keep_part(&session->strings, line, size) : NULL;
	}
	return NULL;
}

/* What the frame at `at` imports. Once the module's own code runs, its frame names it too. */
static const char *import_name(struct session *session, const struct stack *stack, size_t at)
{
	const char *name =
		at + 1 < stack->count ? imported_on_line(session, &stack->frames[at + 1]) : NULL;

	if (name)
		return strings_print(&session->strings, "import %s", name);
	while (at-- > 0) {
		const struct frame *frame = &stack->frames[at];

		if (frame->function && !strcmp(frame->function, "<module>"))
			return python_name(session, frame);
	}
	return "import";
}

/* The handler that processed a `logging` record: the class of its `emit`. */
static const char *log_handler(struct session *session, const struct stack *stack, size_t end)
{
	while (end-- > 0) {
		const struct frame *frame = &stack->frames[end];
		const char *name, *dot;

		if (!frame->function || !strstr(frame->function, "emit"))
			continue;
		name = name_qualified(session, frame);
		dot = strrchr(name, '.');
		if (dot && !strcmp(dot, ".emit"))
			return strings_keep_part(&session->strings, name, (size_t)(dot - name));
	}
	return NULL;
}

const char *python_library_name(struct session *session, const struct stack *stack, size_t end)
{
	const struct frame *frame = &stack->frames[end - 1];
	const char *name, *handler;

	if (is_import(frame))
		return import_name(session, stack, end - 1);
	name = python_name(session, frame);
	if (!name || strncmp(name, "logging.", 8))
		return name;
	handler = log_handler(session, stack, end - 1);
	return handler ? strings_print(&session->strings, "%s (%s)", name, handler) : name;
}

/* "ssl.SSLSocket.read" for "_ssl._SSLSocket.read": users know private names
 * without the underscore. */
static const char *public_name(struct session *session, const char *method)
{
	char *text, *to;
	const char *kept;

	for (size_t i = 0; i < COUNT(public_modules); i++) {
		size_t length = strlen(public_modules[i].inner);

		if (!strncmp(method, public_modules[i].inner, length))
			return strings_print(&session->strings, "%s%s", public_modules[i].known,
					     method + length);
	}
	text = to = memory_get(strlen(method) + 1);
	for (const char *from = method; *from; from++)
		if (*from != '_' || from[1] == '_' || (from > method && from[-1] != '.'))
			*to++ = *from;
	kept = strings_keep(&session->strings, text);
	free(text);
	return kept;
}

bool python_is_evaluation(const struct frame *frame)
{
	return frame->function && !strncmp(frame->function, "_PyEval_EvalFrame", 17);
}

const char *python_method_name(struct session *session, const struct stack *native)
{
	const char *found = NULL;
	bool evaluated = false;

	for (size_t i = 0; i < native->count && !evaluated; i++) {
		evaluated = python_is_evaluation(&native->frames[i]);
		if (native->frames[i].method && !evaluated)
			found = native->frames[i].method;
	}
	/* Without an end the outermost frame may belong to the function that runs the loop. */
	for (size_t i = 0; i < native->count && !evaluated; i++)
		if (native->frames[i].method) {
			found = native->frames[i].method;
			break;
		}
	return found ? public_name(session, found) : NULL;
}

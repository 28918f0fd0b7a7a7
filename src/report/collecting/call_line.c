#include "call_line.h"

#include <string.h>

#include "inspect/session.h"
#include "report/frames/source_text.h"
#include "report/model/finding.h"
#include "report/wording/javascript_name.h"
#include "shared/text.h"

#define FARTHEST 200 /* lines of a function that are searched */

static bool is_call_name(char c)
{
	return is_name_character(c) || c == '$';
}

/* The last part of a plain name: "pbkdf2Sync" of "crypto.pbkdf2Sync"; NULL: it has none. */
static const char *called_part(const char *name, size_t *length)
{
	const char *end = name ? name + strcspn(name, " ") : NULL, *part = end;

	if (!name || (*end && !text_begins(end, " of ")))
		return NULL;
	while (part > name && is_call_name(part[-1]))
		part--;
	*length = (size_t)(end - part);
	return *length && (part == name || part[-1] == '.') ? part : NULL;
}

static size_t indentation(const char *line, size_t length)
{
	size_t count = 0;

	while (count < length && (line[count] == ' ' || line[count] == '\t'))
		count++;
	return count;
}

/* A call of the function with this name, outside a comment at the line's end. */
static bool line_calls(const char *line, size_t length, const char *name, size_t size)
{
	const char *comment = memmem(line, length, "//", 2),
		   *end = comment ? comment : line + length;

	for (const char *at = line; (at = memmem(at, (size_t)(end - at), name, size)); at += size)
		if ((at == line || !is_call_name(at[-1])) && at + size < end && at[size] == '(')
			return true;
	return false;
}

static bool begins_function(const char *line, size_t length, const struct frame *frame)
{
	size_t size;
	const char *name = called_part(frame->function, &size);

	return memmem(line, length, "=>", 2) || memmem(line, length, "function", 8) ||
	       (name && memmem(line, length, name, size));
}

/* The only line of the frame's function that calls this; 0. */
static int call_line(struct session *session, const struct frame *frame, const char *called,
		     size_t size)
{
	size_t length, outside;
	const char *line = source_text_line(session, frame->file, frame->line, &length);
	int found = 0;

	if (!line || !begins_function(line, length, frame) ||
	    line_calls(line, length, called, size))
		return 0;
	outside = indentation(line, length);
	for (int i = 1; i < FARTHEST; i++) {
		size_t inside;

		line = source_text_line(session, frame->file, frame->line + i, &length);
		if (!line)
			return 0;
		inside = indentation(line, length);
		if (inside < length && inside <= outside)
			return found;
		if ((inside < length && line[inside] == '*') ||
		    !line_calls(line, length, called, size))
			continue;
		if (found)
			return 0;
		found = frame->line + i;
	}
	return 0;
}

/* "JSON.parse(", or "pbkdf2Sync(" by whatever name its module has. */
static int line_of_call(struct session *session, const struct frame *frame, const char *name)
{
	size_t size, whole = name ? strcspn(name, " ") : 0;
	const char *part = called_part(name, &size);
	int line = 0;

	if (!part)
		return 0;
	if (size < whole)
		line = call_line(session, frame, name, whole);
	return line ? line : call_line(session, frame, part, size);
}

void call_lines_find(struct session *session, struct finding_stack *stack)
{
	struct stack *script = &stack->script;
	struct frame *copy = NULL;

	for (size_t i = script->place; i < script->count; i++) {
		const struct frame *frame = &script->frames[i];
		const char *called;
		int line;

		if (frame->owner != OWNER_PROGRAM || !frame->file)
			continue;
		called = i == script->place ? javascript_library_name(session, stack)
					    : script->frames[i - 1].function;
		line = line_of_call(session, frame, called);
		if (!line)
			continue;
		if (!copy) {
			copy = obstack_alloc(&session->memory, script->count * sizeof *copy);
			memcpy(copy, script->frames, script->count * sizeof *copy);
			script->frames = copy;
		}
		copy[i].line = line;
	}
}

#include "python_script.h"

#include <string.h>

#include "script_lines.h"
#include "shared/python_loop.h"

static bool python_script_put(struct python_script *script, const char *from, size_t length,
			      char last)
{
	if (script->used + length + 1 > script->size)
		return false;
	memcpy(script->text + script->used, from, length);
	script->text[script->used + length] = last;
	script->used += length + 1;
	return true;
}

static bool python_put_frame(struct python_script *script, const struct python_frame *frame)
{
	size_t start = script->used;

	if (python_script_put(script, frame->function, frame->function_length, '\t') &&
	    python_script_put(script, frame->file, frame->file_length, '\t') &&
	    python_script_put(script, frame->number, frame->number_length, '\n'))
		return true;
	script->used = start;
	return false;
}

/* Makes room: drops the last frame, or the one before it if that is the program's first. */
static void drop_frame(struct python_script *script)
{
	bool own_is_last = script->has_own && script->own_end == script->used;
	size_t end = own_is_last && script->own_start ? script->own_start : script->used;
	const char *before = memrchr(script->text, '\n', end - 1);
	size_t start = before ? (size_t)(before + 1 - script->text) : 0;

	memmove(script->text + start, script->text + end, script->used - end);
	script->used -= end - start;
	if (end == script->own_start) {
		script->own_start = start;
		script->own_end = script->used;
	} else if (own_is_last) {
		script->has_own = false;
	}
}

void python_script_keep(struct python_script *script)
{
	script->kept = script->used;
}

bool python_script_add(struct python_script *script, const struct python_frame *frame)
{
	bool is_loop = python_loop_of(frame->function, frame->function_length, frame->file,
				      frame->file_length);
	bool own = !script->has_own && !script->kept &&
		   !python_file_is_library(frame->file, frame->file_length);
	size_t start = script->used;
	bool fits = python_put_frame(script, frame);

	while (!fits && !script->in_loop && script->kept &&
	       script_drop_line(script->text, script->kept, &script->used))
		fits = python_put_frame(script, frame);
	while (!fits && (is_loop || own) && !script->in_loop && script->used) {
		drop_frame(script);
		start = script->used;
		fits = python_put_frame(script, frame);
	}
	if (own && fits) {
		script->has_own = true;
		script->own_start = start;
		script->own_end = script->used;
	}
	script->in_loop |= is_loop;
	script->full |= !fits;
	return is_loop;
}

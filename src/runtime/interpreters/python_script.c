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

static void drop_frame(struct python_script *script)
{
	const char *before = memrchr(script->text, '\n', script->used - 1);

	script->used = before ? (size_t)(before + 1 - script->text) : 0;
}

void python_script_keep(struct python_script *script)
{
	script->kept = script->used;
}

bool python_script_add(struct python_script *script, const struct python_frame *frame)
{
	bool is_loop = python_loop_of(frame->function, frame->function_length, frame->file,
				      frame->file_length);
	bool fits = python_put_frame(script, frame);

	while (!fits && !script->in_loop && script->kept &&
	       script_drop_line(script->text, script->kept, &script->used))
		fits = python_put_frame(script, frame);
	while (!fits && is_loop && !script->in_loop && script->used) {
		drop_frame(script);
		fits = python_put_frame(script, frame);
	}
	script->in_loop |= is_loop;
	script->full |= !fits;
	return is_loop;
}

#include "python_script.h"

#include <string.h>

#include "script_lines.h"
#include "shared/python_loop.h"
#include "shared/script_file.h"

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

/* Where the last line that ends at `end` begins. */
static size_t python_line_start(const struct python_script *script, size_t end)
{
	const char *before = memrchr(script->text, '\n', end - 1);

	return before ? (size_t)(before + 1 - script->text) : 0;
}

/*
 * Makes room: drops the last frame. If that is the program's first, drops the one before the entry
 * to the library, then the entry, then itself.
 */
static void drop_frame(struct python_script *script)
{
	bool block_is_last =
		(script->has_own || script->has_entry) && script->own_end == script->used;
	size_t last = python_line_start(script, script->used), start = last, end = script->used;

	if (block_is_last && script->own_start) {
		end = script->own_start;
		start = script->own_start = python_line_start(script, end);
	} else if (block_is_last && last) {
		start = 0;
		end = last;
	} else if (block_is_last) {
		script->has_own = script->has_entry = false;
	}
	memmove(script->text + start, script->text + end, script->used - end);
	script->used -= end - start;
	if (block_is_last)
		script->own_end = script->used;
}

void python_script_keep(struct python_script *script)
{
	script->kept = script->used;
}

enum python_frame_kind python_frame_kind(const char *function, size_t function_length,
					 const char *file, size_t file_length)
{
	bool own = !script_file_is_library(SCRIPT_PYTHON, file, file_length);

	if (python_loop_of(function, function_length, file, file_length))
		return own ? PYTHON_FRAME_OWN_LOOP : PYTHON_FRAME_LOOP;
	return own ? PYTHON_FRAME_OWN : PYTHON_FRAME_LIBRARY;
}

static bool is_first_own(const struct python_script *script, enum python_frame_kind kind)
{
	return !script->has_own && !script->kept &&
	       (kind == PYTHON_FRAME_OWN || kind == PYTHON_FRAME_OWN_LOOP);
}

bool python_script_wants_entry(const struct python_script *script, enum python_frame_kind kind)
{
	return script->full && !script->in_loop && is_first_own(script, kind);
}

static void last_is_entry(struct python_script *script)
{
	script->has_entry = true;
	script->own_end = script->used;
	script->own_start = python_line_start(script, script->used);
}

void python_script_add_entry(struct python_script *script, const struct python_frame *frame)
{
	bool fits = python_put_frame(script, frame);

	while (!fits && script->used) {
		drop_frame(script);
		fits = python_put_frame(script, frame);
	}
	if (fits)
		last_is_entry(script);
}

bool python_script_add(struct python_script *script, const struct python_frame *frame)
{
	enum python_frame_kind kind =
		frame->kind ? frame->kind
			    : python_frame_kind(frame->function, frame->function_length,
						frame->file, frame->file_length);
	bool is_loop = kind == PYTHON_FRAME_LOOP || kind == PYTHON_FRAME_OWN_LOOP;
	bool own = is_first_own(script, kind);
	size_t start = script->used;
	bool fits;

	if (own && !script->full && start)
		last_is_entry(script);
	fits = python_put_frame(script, frame);
	while (!fits && !script->in_loop && script->kept &&
	       script_drop_line(script->text, script->kept, &script->used))
		fits = python_put_frame(script, frame);
	while (!fits && (is_loop || own) && !script->in_loop && script->used) {
		drop_frame(script);
		start = script->used;
		fits = python_put_frame(script, frame);
	}
	if (own && fits) {
		if (!script->has_entry)
			script->own_start = start;
		script->has_own = true;
		script->has_entry = false;
		script->own_end = script->used;
	}
	script->in_loop |= is_loop;
	script->full |= !fits;
	return is_loop;
}

#include "scripts.h"

#include <string.h>

#include "record_index.h"
#include "runtime/base/memory.h"
#include "trace.h"

#define LINES_SIZE 16384

static uint32_t index_of_lines[LINES_SIZE] MEMORY_TABLE; /* offsets by hash, open addressing */

struct line {
	const char *text;
	size_t size;
};

static void *write_line(const void *wanted, uint64_t hash)
{
	const struct line *line = wanted;
	struct trace_script_line *record = trace_allocate(sizeof *record + line->size);

	if (!record)
		return NULL;
	record->hash = hash;
	record->text_size = (uint32_t)line->size;
	memcpy(record->text, line->text, line->size);
	return record;
}

static uint32_t line_offset(const struct line *line)
{
	static const struct record_index lines = {
		index_of_lines,
		LINES_SIZE,
		offsetof(struct trace_script_line, hash),
		RECORD_SCRIPT_LINE,
	};
	const void *record =
		record_index_get(&lines, hash_text(0, line->text, line->size), write_line, line);

	return record ? trace_offset(record) : 0;
}

uint32_t script_write(const char *text, size_t size, enum script_language language)
{
	struct trace_script_lines *script;
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	if (!count)
		return 0;
	script = trace_allocate(sizeof *script + count * sizeof *script->lines);
	if (!script)
		return 0;
	script->language = language;
	for (struct line line = { .text = text }; script->count < count;
	     line.text += line.size + 1) {
		line.size = (size_t)((const char *)rawmemchr(line.text, '\n') - line.text);
		script->lines[script->count++] = line_offset(&line);
	}
	trace_publish(script, RECORD_SCRIPT_LINES);
	return trace_offset(script);
}

void scripts_forget(void)
{
	memory_zero(index_of_lines, sizeof index_of_lines);
}

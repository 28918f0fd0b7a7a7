#include "javascript_heap.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/far_read.h"
#include "runtime/base/memory.h"
#include "runtime/modules/modules.h"
#include "runtime/trace/record_index.h"

#define STRING_SIZE    160 /* characters of a name */
#define LONGEST_SOURCE (4 << 20)
#define SOURCE_CHUNK   512 /* bytes of a source read at once: the stack may be small */
#define TAG	       1   /* of a pointer into the heap: v8dbg_HeapObjectTag */

/*
 * ScopeInfo (V8: objects/scope-info.tq), in words after its map: flags, parameters, context locals;
 * a name and a number for each of these, or from MANY_LOCALS on one table and the numbers. Then,
 * each only in some functions: numbers and names, start and end position, the outer scope.
 */
#define SCOPE_LOCALS	3
#define SCOPE_VARIABLES 4
#define MANY_LOCALS	75
#define MOST_LOCALS	10000
#define MOST_BEHIND	12 /* words that are inspected */

/* ExternalString: V8 stores the address of the characters after the resource. */
#define AFTER_RESOURCE ARCH_WORD

/* String types: v8dbg_StringRepresentationMask and similar, unchanged since V8 7. */
enum { STRING_KINDS = 7, STRING_SEQUENTIAL = 0, STRING_EXTERNAL = 2, STRING_THIN = 5 };

#define ONE_BYTE 8

static struct {
	int32_t instance_type;		      /* in a Map */
	int32_t function_slot;		      /* from the frame pointer */
	int32_t shared, scope, script;	      /* in a JSFunction, and twice in its shared part */
	int32_t script_name, source;	      /* in a Script */
	int32_t length, characters, resource; /* in a String */
	int32_t thin;			      /* in a ThinString */
	int32_t type_shared, type_scope, type_script, first_other; /* instance types */
} v8;

static const struct {
	int32_t *to;
	const char *names[2]; /* names in V8 11 and 12 */
} constants[] = {
	{ &v8.instance_type, { "v8dbg_class_Map__instance_type__uint16_t" } },
	{ &v8.function_slot, { "v8dbg_off_fp_function" } },
	{ &v8.shared, { "v8dbg_class_JSFunction__shared__SharedFunctionInfo" } },
	{ &v8.scope,
	  { "v8dbg_class_SharedFunctionInfo__name_or_scope_info__Object",
	    "v8dbg_class_SharedFunctionInfo__name_or_scope_info__Tagged_Object_" } },
	{ &v8.script,
	  { "v8dbg_class_SharedFunctionInfo__script_or_debug_info__HeapObject",
	    "v8dbg_class_SharedFunctionInfo__script__Tagged_HeapObject_" } },
	{ &v8.script_name, { "v8dbg_class_Script__name__Object" } },
	{ &v8.source, { "v8dbg_class_Script__source__Object" } },
	{ &v8.length, { "v8dbg_class_String__length__int32_t" } },
	{ &v8.characters, { "v8dbg_class_SeqOneByteString__chars__char" } },
	{ &v8.resource, { "v8dbg_class_ExternalString__resource__Object" } },
	{ &v8.thin, { "v8dbg_class_ThinString__actual__String" } },
	{ &v8.type_shared, { "v8dbg_type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE" } },
	{ &v8.type_scope, { "v8dbg_type_ScopeInfo__SCOPE_INFO_TYPE" } },
	{ &v8.type_script, { "v8dbg_type_Script__SCRIPT_TYPE" } },
	{ &v8.first_other, { "v8dbg_FirstNonstringType" } },
};

static bool known;

bool javascript_heap_init(struct module *module)
{
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(constants); i++) {
		uintptr_t address = module_symbol(module, constants[i].names[0]);

		if (!address && constants[i].names[1])
			address = module_symbol(module, constants[i].names[1]);
		all = all && address;
		if (address)
			*constants[i].to = *(const int32_t *)address;
	}
	known = all;
	return known;
}

/* A word of an object; 0: it cannot be read. */
static uintptr_t heap_field(uintptr_t object, intptr_t offset)
{
	uintptr_t word = 0;

	if ((object & 3) != TAG || !far_read(object - TAG + (uintptr_t)offset, &word, sizeof word))
		return 0;
	return word;
}

/* -1 if it is not an object. */
static int object_type_of(uintptr_t object)
{
	uintptr_t map = heap_field(object, 0);
	uint16_t type = 0;

	if ((map & 3) != TAG ||
	    !far_read(map - TAG + (uintptr_t)v8.instance_type, &type, sizeof type))
		return -1;
	return type;
}

/* A string with contiguous characters. */
struct text {
	uintptr_t at;
	uint32_t length;
	bool wide; /* two bytes a character */
};

static bool string_text(uintptr_t string, struct text *text)
{
	int type = object_type_of(string);

	if (type >= 0 && type < v8.first_other && (type & STRING_KINDS) == STRING_THIN) {
		string = heap_field(string, v8.thin);
		type = object_type_of(string);
	}
	if (type < 0 || type >= v8.first_other ||
	    !far_read(string - TAG + (uintptr_t)v8.length, &text->length, sizeof text->length))
		return false;
	text->wide = !(type & ONE_BYTE);
	if ((type & STRING_KINDS) == STRING_SEQUENTIAL)
		text->at = string - TAG + (uintptr_t)v8.characters;
	else if ((type & STRING_KINDS) == STRING_EXTERNAL)
		text->at = heap_field(string, v8.resource + (intptr_t)AFTER_RESOURCE);
	else
		return false;
	return text->at != 0;
}

/*
 * Converts characters to one byte each; non-ASCII characters become a question mark. Returns how
 * many.
 */
static size_t heap_read_text(const struct text *text, uint32_t from, char *to, size_t count)
{
	uint16_t wide[64];

	if (from >= text->length)
		return 0;
	if (count > text->length - from)
		count = text->length - from;
	if (!text->wide) {
		if (!far_read(text->at + from, to, count))
			return 0;
		for (size_t i = 0; i < count; i++)
			to[i] = (signed char)to[i] < 0 ? '?' : to[i];
		return count;
	}
	for (size_t done = 0, part; done < count; done += part) {
		part = count - done < ARRAY_SIZE(wide) ? count - done : ARRAY_SIZE(wide);
		if (!far_read(text->at + 2 * (from + done), wide, 2 * part))
			return done;
		for (size_t i = 0; i < part; i++)
			to[done + i] = wide[i] < 0x80 ? (char)wide[i] : '?';
	}
	return count;
}

/*
 * Lines of source positions that were asked for, and of every LINES_STEP characters on the way: a
 * source is counted once, not for each frame of each sample, which in a source of a megabyte takes
 * longer than the time between two samples. An entry is a hash of the source and the position, and
 * below it the line; a string that has moved is counted again.
 */
#define LINES_STEP  16384
#define LINES_KNOWN 4096 /* a power of two */
#define LINE_BITS   23	 /* LONGEST_SOURCE has fewer lines */

static uint64_t lines[LINES_KNOWN] MEMORY_TABLE;

static uint64_t *line_entry(const struct text *source, uint32_t place, uint64_t *tag)
{
	uint64_t hash = hash_mix(hash_mix(place, source->at), source->length);

	*tag = hash >> LINE_BITS << LINE_BITS;
	return &lines[hash % LINES_KNOWN];
}

static long line_known(const struct text *source, uint32_t place)
{
	uint64_t tag, entry = __atomic_load_n(line_entry(source, place, &tag), __ATOMIC_RELAXED);

	return entry >> LINE_BITS << LINE_BITS == tag ? (long)(entry - tag) : 0;
}

static void line_keep(const struct text *source, uint32_t place, long line)
{
	uint64_t tag, *entry = line_entry(source, place, &tag);

	__atomic_store_n(entry, tag | (uint64_t)line, __ATOMIC_RELAXED);
}

/* Ends of lines between two positions; -1: they cannot be read. */
static long count_lines(const struct text *source, uint32_t from, uint32_t to)
{
	union {
		char narrow[SOURCE_CHUNK];
		uint16_t wide[SOURCE_CHUNK / 2];
	} part;
	const uint32_t width = source->wide ? 2 : 1;
	long count = 0;

	for (uint32_t got; from < to; from += got) {
		got = to - from < SOURCE_CHUNK / width ? to - from : SOURCE_CHUNK / width;
		if (!far_read(source->at + (uintptr_t)from * width, &part, got * width))
			return -1;
		for (uint32_t i = 0; i < got; i++)
			count += (source->wide ? part.wide[i] : part.narrow[i]) == '\n';
	}
	return count;
}

/* The line, from 1, of a source position; 0: not known. */
static long source_line_at(const struct text *source, uint32_t place)
{
	uint32_t from = place - place % LINES_STEP;
	long line = 0;

	if (place > source->length || place > LONGEST_SOURCE)
		return 0;
	line = line_known(source, place);
	if (line)
		return line;
	while (from && !(line = line_known(source, from)))
		from -= LINES_STEP;
	if (!from)
		line = 1;
	while (from < place) {
		uint32_t to = place - from < LINES_STEP ? place : from + LINES_STEP;
		long more = count_lines(source, from, to);

		if (more < 0)
			return 0;
		line += more;
		from = to;
		line_keep(source, from, line);
	}
	return line;
}

static size_t name_put(char *to, size_t size, const char *from, size_t length, char last)
{
	if (length + 1 > size)
		return 0;
	memcpy(to, from, length);
	to[length] = last;
	return length + 1;
}

/* Truncates a long string at its end or at its beginning. */
static size_t heap_put_string(uintptr_t string, bool keeps_end, char *to, size_t size)
{
	char characters[STRING_SIZE];
	struct text text;
	size_t got = 0;

	if (string_text(string, &text))
		got = heap_read_text(
			&text,
			keeps_end && text.length > STRING_SIZE ? text.length - STRING_SIZE : 0,
			characters, STRING_SIZE);
	for (size_t i = 0; i < got; i++)
		if (characters[i] == '\t' || characters[i] == '\n')
			characters[i] = ' ';
	return name_put(to, size, characters, got, '\t');
}

static size_t put_line(long line, char last, char *to, size_t size)
{
	char digits[24];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + line % 10);
	while (line /= 10);
	return name_put(to, size, digits + at, sizeof digits - at, last);
}

/* A small integer is stored in the upper half of the word. */
static bool is_small(uintptr_t word)
{
	return !(word & UINT32_MAX);
}

/* What a ScopeInfo says about its function. */
struct function {
	uintptr_t name; /* a string; 0: it has none */
	uint32_t begin; /* position in the source */
};

/*
 * The name is a string followed by a number. Start and end position are the last two numbers before
 * an object: the outer scope, or the map of the next object.
 */
static bool scope_function(uintptr_t scope, uint32_t source_length, struct function *function)
{
	uintptr_t locals = heap_field(scope, SCOPE_LOCALS * ARCH_WORD), number[2] = { 0 }, word,
		  text = 0;
	uint32_t count = (uint32_t)(locals >> 32);
	unsigned numbers = 0;
	size_t at;
	int type;

	function->name = 0;
	if (!is_small(locals) || count > MOST_LOCALS)
		return false;
	at = SCOPE_VARIABLES + count + (count < MANY_LOCALS ? count : 1);
	for (size_t i = 0; i < MOST_BEHIND; i++) {
		word = heap_field(scope, (intptr_t)((at + i) * ARCH_WORD));
		if (is_small(word)) {
			number[0] = number[1];
			number[1] = word >> 32;
			numbers++;
			if (text && !function->name)
				function->name = text;
			text = 0;
			continue;
		}
		if (numbers >= 2)
			break;
		numbers = 0;
		type = object_type_of(word);
		text = type >= 0 && type < v8.first_other ? word : 0;
	}
	function->begin = (uint32_t)number[0];
	return numbers >= 2 && number[0] <= number[1] && number[1] <= source_length;
}

size_t javascript_heap_frame(uintptr_t fp, char *text, size_t size)
{
	uintptr_t object = 0, shared, scope, script;
	struct function function;
	struct text source;
	size_t used, part;
	long line;

	if (!known || !far_read(fp + (uintptr_t)(intptr_t)v8.function_slot, &object, ARCH_WORD))
		return 0;
	shared = heap_field(object, v8.shared);
	if (object_type_of(shared) != v8.type_shared)
		return 0;
	scope = heap_field(shared, v8.scope);
	script = heap_field(shared, v8.script);
	if (object_type_of(scope) != v8.type_scope || object_type_of(script) != v8.type_script ||
	    !string_text(heap_field(script, v8.source), &source) ||
	    !scope_function(scope, source.length, &function))
		return 0;
	line = source_line_at(&source, function.begin);
	used = part = heap_put_string(function.name, false, text, size);
	if (part)
		used += part = heap_put_string(heap_field(script, v8.script_name), true,
					       text + used, size - used);
	if (part && *text == '\t') /* it has no name */
		used += part = put_line(line, '\t', text + used, size - used);
	if (part)
		used += part = put_line(line, '\n', text + used, size - used);
	return part ? used : 0;
}

#include "python_stack.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/memory.h"
#include "runtime/modules/modules.h"
#include "shared/python_layout.h"

#define TAG_BITS	  UINT64_C(7) /* 3.14 marks references in the lowest bits */
#define MAX_NAME	  400	      /* characters */
#define MAX_TABLE	  (1 << 20)   /* bytes of a line table */
#define LOOP_CODES	  4	      /* loops in one program */
#define MAX_PYTHON_FRAMES 2500 /* twice Python's own limit, for C frames lie between its own */

static struct python_layout layout;
static uintptr_t code_type, string_type, bytes_type;
static size_t frame_span, code_span;	 /* bytes read of each */
static uintptr_t loop_codes[LOOP_CODES]; /* functions of event loops that ran */
static bool proved;			 /* one whole stack was named with this layout */

static bool page_is_known(struct python_look *look, uintptr_t page)
{
	for (unsigned i = 0; i < PYTHON_LOOK_PAGES; i++)
		if (look->pages[i] == page)
			return true;
	/* If no system call may be made, trust what was right so far. */
	if (!memory_is_readable((const void *)page, 1) && !(proved && !memory_can_be_asked()))
		return false;
	look->pages[look->next++ % PYTHON_LOOK_PAGES] = page;
	return true;
}

static COLD const void *at_unknown(struct python_look *look, uintptr_t address, size_t size)
{
	uintptr_t last = address + size - 1;

	if (last < address)
		return NULL;
	for (uintptr_t page = address & ~(uintptr_t)(MEMORY_PAGE - 1); page <= last;
	     page += MEMORY_PAGE)
		if (!page_is_known(look, page))
			return NULL;
	return (const void *)address;
}

static inline const void *look_field_at(struct python_look *look, uintptr_t address, size_t size)
{
	if (UNLIKELY(address < MEMORY_PAGE))
		return NULL;
	return LIKELY(look->trusts) ? (const void *)address : at_unknown(look, address, size);
}

static uint64_t word_in(const void *object, uint16_t place)
{
	uint64_t word;

	memcpy(&word, (const char *)object + place, sizeof word);
	return word;
}

static int32_t int_in(const void *object, uint16_t place)
{
	int32_t value;

	memcpy(&value, (const char *)object + place, sizeof value);
	return value;
}

static size_t python_frame_further(size_t span, uint16_t place, size_t size)
{
	return place != PYTHON_NO_PLACE && place + size > span ? place + size : span;
}

static inline bool is_of_type(struct python_look *look, uintptr_t object, uintptr_t type)
{
	const void *found = look_field_at(look, object + layout.object_type, 8);

	return found && word_in(found, 0) == type;
}

/* The version, from its exported symbols if it does not state it. */
static uint32_t interpreter_version(const struct module *interpreter)
{
	const unsigned long *version =
		(const unsigned long *)module_symbol(interpreter, "Py_Version");

	if (version)
		return (uint32_t)*version;
	return module_symbol(interpreter, "PyIter_Send")		 ? 0x030a0000
	       : module_symbol(interpreter, "PyFrame_GetCode")		 ? 0x03090000
	       : module_symbol(interpreter, "PyCode_NewWithPosOnlyArgs") ? 0x03080000
									 : 0;
}

static bool python_find_layout(const struct module *interpreter)
{
	struct symbol_extent runtime = module_symbol_extent(interpreter, "_PyRuntime");

	if (runtime.address && runtime.size >= PYTHON_OFFSET_WORDS * 8 &&
	    python_layout_of_offsets((const uint64_t *)runtime.address, PYTHON_OFFSET_WORDS,
				     &layout))
		return true;
	return python_layout_of_version(interpreter_version(interpreter), &layout);
}

bool python_stack_init(const struct module *interpreter)
{
	code_type = module_symbol(interpreter, "PyCode_Type");
	string_type = module_symbol(interpreter, "PyUnicode_Type");
	bytes_type = module_symbol(interpreter, "PyBytes_Type");
	if (!code_type || !string_type || !bytes_type || !python_find_layout(interpreter)) {
		code_type = 0;
		return false;
	}
	frame_span = python_frame_further(0, layout.frame_previous, 8);
	frame_span = python_frame_further(frame_span, layout.frame_code, 8);
	frame_span = python_frame_further(frame_span, layout.frame_instruction, 8);
	frame_span = python_frame_further(frame_span, layout.frame_owner, 1);
	frame_span = python_frame_further(frame_span, layout.frame_generator, 8);
	frame_span = python_frame_further(frame_span, layout.frame_copy, 4);
	code_span = python_frame_further(0, layout.code_name, 8);
	code_span = python_frame_further(code_span, layout.code_filename, 8);
	code_span = python_frame_further(code_span, layout.code_first_line, 4);
	code_span = python_frame_further(code_span, layout.code_lines, 8);
	code_span = python_frame_further(code_span, layout.code_copies, 8);
	return true;
}

static uintptr_t python_frame_innermost(struct python_look *look, uintptr_t thread)
{
	const void *found = look_field_at(look, thread + layout.thread_frame, 8);

	if (found && layout.c_frame_frame != PYTHON_NO_PLACE)
		found = look_field_at(look, word_in(found, 0) + layout.c_frame_frame, 8);
	return found ? word_in(found, 0) : 0;
}

/*
 * The start of the instructions that this frame runs: in a free-threaded build each thread may have
 * its own copy. 0: not known.
 */
static uintptr_t python_code_start(struct python_look *look, const void *frame, uintptr_t code)
{
	const void *copies;
	int32_t copy;

	if (layout.frame_copy == PYTHON_NO_PLACE)
		return code + layout.code_start;
	copy = int_in(frame, layout.frame_copy);
	copies = look_field_at(look, code + layout.code_copies, 8);
	if (!copy || !copies)
		return code + layout.code_start;
	copies = look_field_at(look, word_in(copies, 0), 8);
	if (!copies || copy < 0 || (uint64_t)copy >= word_in(copies, 0))
		return 0;
	copies = look_field_at(look, (uintptr_t)copies + 8 + (uintptr_t)copy * 8, 8);
	return copies ? word_in(copies, 0) : 0;
}

static inline int32_t instruction_of(struct python_look *look, const void *frame, uintptr_t code)
{
	int32_t index = int_in(frame, layout.frame_instruction);
	uintptr_t start, at_instruction;

	if (layout.instruction == PYTHON_INSTRUCTION_BYTE)
		return index;
	if (layout.instruction == PYTHON_INSTRUCTION_CODEUNIT)
		return index * 2;
	start = python_code_start(look, frame, code);
	at_instruction = word_in(frame, layout.frame_instruction);
	return start && at_instruction >= start && at_instruction - start < INT32_MAX
		       ? (int32_t)(at_instruction - start)
		       : -1;
}

void python_walk_init(struct python_walk *walk, const void *thread_state, bool interrupted)
{
	*walk = (struct python_walk){ .left = MAX_PYTHON_FRAMES, .whole = true };
	walk->look.trusts = proved && !interrupted;
	walk->frame = code_type ? python_frame_innermost(&walk->look, (uintptr_t)thread_state) : 0;
}

static inline bool is_generators(const void *frame)
{
	return layout.frame_generator != PYTHON_NO_PLACE
		       ? word_in(frame, layout.frame_generator) != 0
		       : ((const uint8_t *)frame)[layout.frame_owner] == PYTHON_OWNER_GENERATOR;
}

/* Whether the frame survives while it does not run, and its code can await. */
static inline bool is_of_coroutine(struct python_look *look, const void *frame, uintptr_t code)
{
	const void *flags;

	if (!is_generators(frame))
		return false;
	flags = look_field_at(look, code + layout.code_flags, 4);
	return flags && int_in(flags, 0) & PYTHON_COROUTINE_FLAGS;
}

/* False for a C frame. */
static inline bool python_read_frame(struct python_look *look, const void *frame,
				     struct python_place *place)
{
	uintptr_t code = word_in(frame, layout.frame_code) & ~TAG_BITS;

	if (layout.frame_owner != PYTHON_NO_PLACE &&
	    ((const uint8_t *)frame)[layout.frame_owner] >= layout.foreign_owner)
		return false;
	if (!is_of_type(look, code, code_type))
		return false;
	place->code = code;
	place->at = instruction_of(look, frame, code);
	return true;
}

/*
 * In a forked child: the frame that called fork. Frames outside it belong to the parent: a pool's
 * worker never returns to them, and does not run in its parent's loop.
 */
static uintptr_t forked_frame;

bool python_walk_next(struct python_walk *walk, struct python_place *place)
{
	while (walk->frame && walk->left--) {
		const void *frame = look_field_at(&walk->look, walk->frame, frame_span);
		uintptr_t here = walk->frame;

		if (!frame) {
			walk->whole = false;
			break;
		}
		walk->coroutine = walk->here = here;
		walk->frame = here == forked_frame ? 0 : word_in(frame, layout.frame_previous);
		if (!python_read_frame(&walk->look, frame, place))
			continue;
		if (!is_of_coroutine(&walk->look, frame, place->code))
			walk->coroutine = 0;
		return true;
	}
	proved |= walk->whole && !walk->frame && walk->named;
	walk->frame = 0;
	return false;
}

void python_stack_forked(const void *thread_state)
{
	struct python_walk walk;
	struct python_place place;

	python_walk_init(&walk, thread_state, true);
	forked_frame = python_walk_next(&walk, &place) ? walk.here : 0;
}

void python_note_loop(uintptr_t code)
{
	for (unsigned i = 0; i < LOOP_CODES; i++) {
		uintptr_t none = 0;

		if (loop_codes[i] == code ||
		    __atomic_compare_exchange_n(&loop_codes[i], &none, code, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return;
	}
}

bool python_knows_loops(void)
{
	return loop_codes[0];
}

bool python_is_loop(uintptr_t code)
{
	bool found = false;

	for (unsigned i = 0; i < LOOP_CODES; i++)
		found |= loop_codes[i] == code;
	return found;
}

/* Budget: 2 ns a frame. */
bool python_walk_to_boundary(struct python_walk *walk)
{
	while (walk->frame && walk->left) {
		const void *frame = look_field_at(&walk->look, walk->frame, frame_span);
		uintptr_t code = frame ? word_in(frame, layout.frame_code) & ~TAG_BITS : 0;

		if (!code)
			return false;
		if (python_is_loop(code) ||
		    (is_generators(frame) && is_of_type(&walk->look, code, code_type) &&
		     is_of_coroutine(&walk->look, frame, code)))
			return true;
		walk->frame =
			walk->frame == forked_frame ? 0 : word_in(frame, layout.frame_previous);
		walk->left--;
	}
	return false;
}

bool python_place_of_coroutine(uintptr_t frame, struct python_place *place)
{
	struct python_look look = { 0 };
	const void *found = code_type && frame ? look_field_at(&look, frame, frame_span) : NULL;

	return found && python_read_frame(&look, found, place) &&
	       is_of_coroutine(&look, found, place->code);
}

/* The first word of a freed object is 0, or points to the next free one. */
bool python_object_lives(uintptr_t object)
{
	struct python_look look = { 0 };
	const void *found = look_field_at(&look, object, 16);
	uint64_t references;

	if (layout.object_type != 8) /* a free-threaded build: two counts */
		return true;
	references = found ? word_in(found, 0) : 0;
	return references && !(references >> 31 & 0x1ffff);
}

static uint32_t python_character_at(const void *characters, unsigned width, size_t index)
{
	const uint8_t *at = (const uint8_t *)characters + index * width;
	uint32_t character = 0;

	memcpy(&character, at, width);
	return character;
}

static size_t put_utf8(char *to, uint32_t character)
{
	unsigned more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
	static const uint8_t first[] = { 0, 0xc0, 0xe0, 0xf0 };

	/* Control characters would break our lines; half of a surrogate pair is not a character. */
	if (character < 0x20 || character == 0x7f || character > 0x10ffff ||
	    (character >= 0xd800 && character < 0xe000)) {
		*to = '?';
		return 1;
	}
	to[0] = (char)(first[more] | character >> 6 * more);
	for (unsigned i = 1; i <= more; i++)
		to[i] = (char)(0x80 | (character >> 6 * (more - i) & 0x3f));
	return more + 1;
}

/*
 * Whether all are printable ASCII, as nearly all names are: they need no look at each. A stack of
 * 80 frames has 8,000 characters.
 */
static bool python_is_plain_ascii(const char *characters, size_t count)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t odd = 0, word;
	size_t i = 0;

	for (; i + sizeof word <= count; i += sizeof word) {
		memcpy(&word, characters + i, sizeof word);
		/* The highest bit of a byte: not ASCII; below 0x20, by a borrow; 0x7f, by a carry.
		 */
		odd |= word | (word - ones * 0x20) | (word + ones);
	}
	for (; i < count; i++)
		odd |= characters[i] < 0x20 || characters[i] == 0x7f ? 0x80 : 0;
	return !(odd & ones * 0x80);
}

/* Copies at most `size` bytes of a str; false if it is not one. */
static bool copy_string(struct python_look *look, uintptr_t string, char *to, size_t size,
			size_t *used)
{
	const void *head = look_field_at(look, string, (size_t)layout.string_other);
	uint64_t length, count, offset;
	uint32_t state;
	unsigned width;
	const void *characters;

	if (!head || word_in(head, layout.object_type) != string_type)
		return false;
	state = (uint32_t)int_in(head, layout.string_state) >> layout.string_kind_shift;
	width = state & 7;
	length = word_in(head, layout.string_length);
	offset = state & 16 ? layout.string_ascii : layout.string_other;
	if (!(state & 8) ||
	    (width != 1 && width != 2 && width != 4)) /* its characters are in a separate block */
		return false;
	/* The end of a long path is more useful than its beginning. */
	count = length > MAX_NAME ? MAX_NAME : length;
	if (length > count)
		offset += (length - count) * width;
	characters = count ? look_field_at(look, string + offset, count * width) : head;
	if (!characters)
		return false;
	*used = 0;
	if (width == 1 && count + 4 <= size && python_is_plain_ascii(characters, count)) {
		memcpy(to, characters, count);
		*used = count;
		return true;
	}
	for (size_t i = 0; i < count && *used + 4 <= size; i++)
		*used += put_utf8(to + *used, python_character_at(characters, width, i));
	return true;
}

static int line_number(struct python_look *look, const void *code, int32_t instruction)
{
	int first = int_in(code, layout.code_first_line), line;
	uintptr_t bytes = word_in(code, layout.code_lines);
	const void *head = look_field_at(look, bytes, layout.bytes_data), *table;
	uint64_t size;

	if (!head || word_in(head, layout.object_type) != bytes_type)
		return first;
	size = word_in(head, layout.bytes_length);
	table = size && size < MAX_TABLE ? look_field_at(look, bytes + layout.bytes_data, size)
					 : NULL;
	if (!table)
		return first;
	line = python_line_of(layout.line_table, table, size, first, instruction);
	return line < 0 ? first : line;
}

static bool python_code_name(struct python_look *look, const struct python_place *place,
			     struct python_line *line)
{
	const void *code;

	if (!is_of_type(look, place->code, code_type))
		return false;
	code = look_field_at(look, place->code, code_span);
	if (!code || !copy_string(look, word_in(code, layout.code_filename), line->text,
				  sizeof line->text / 2, &line->file_length))
		return false;
	line->file = line->text;
	line->function = line->text + line->file_length;
	line->number = line_number(look, code, place->at);
	return copy_string(look, word_in(code, layout.code_name), line->text + line->file_length,
			   sizeof line->text - line->file_length, &line->function_length);
}

bool python_walk_name(struct python_walk *walk, const struct python_place *place,
		      struct python_line *line)
{
	bool has_name = python_code_name(&walk->look, place, line);

	walk->whole &= has_name;
	walk->named |= has_name;
	return has_name;
}

bool python_place_name(const struct python_place *place, struct python_line *line)
{
	struct python_look look = { 0 };

	return python_code_name(&look, place, line);
}

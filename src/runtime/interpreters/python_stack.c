#include "python_stack.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/memory.h"
#include "runtime/modules/modules.h"
#include "python_line_memory.h"
#include "python_text.h"
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

struct python_string {
	const void *characters;
	size_t count;
	unsigned width; /* bytes of a character */
	bool ascii;
};

/* The last MAX_NAME characters of a str; false if it is not one. */
static bool look_string_at(struct python_look *look, uintptr_t string, struct python_string *found)
{
	const void *head = look_field_at(look, string, (size_t)layout.string_other);
	uint64_t length, offset;
	uint32_t state;

	if (!head || word_in(head, layout.object_type) != string_type)
		return false;
	state = (uint32_t)int_in(head, layout.string_state) >> layout.string_kind_shift;
	found->width = state & 7;
	found->ascii = state & 16;
	length = word_in(head, layout.string_length);
	offset = found->ascii ? layout.string_ascii : layout.string_other;
	if (!(state & 8) || (found->width != 1 && found->width != 2 &&
			     found->width != 4)) /* its characters are in a separate block */
		return false;
	/* The end of a long path is more useful than its beginning. */
	found->count = length > MAX_NAME ? MAX_NAME : length;
	offset += (length - found->count) * found->width;
	found->characters =
		found->count ? look_field_at(look, string + offset, found->count * found->width)
			     : head;
	return found->characters;
}

static bool copy_string(struct python_look *look, uintptr_t string, char *to, size_t size,
			size_t *used)
{
	struct python_string found;

	if (!look_string_at(look, string, &found))
		return false;
	*used = python_text_copy(found.characters, found.width, found.count, to, size);
	return true;
}

static bool string_is(struct python_look *look, uintptr_t string, const char *text, size_t length)
{
	struct python_string found;

	return look_string_at(look, string, &found) && found.ascii && found.width == 1 &&
	       found.count == length && !memcmp(found.characters, text, length);
}

static const uint8_t *line_table_of(struct python_look *look, const void *code, uint64_t *size)
{
	uintptr_t bytes = word_in(code, layout.code_lines);
	const void *head = look_field_at(look, bytes, layout.bytes_data);

	*size = 0;
	if (!head || word_in(head, layout.object_type) != bytes_type)
		return NULL;
	*size = word_in(head, layout.bytes_length);
	return *size && *size < MAX_TABLE ? look_field_at(look, bytes + layout.bytes_data, *size)
					  : NULL;
}

/* Whether this is still the code whose line was remembered. */
static bool known_line_holds(struct python_look *look, const void *code,
			     const struct python_known_line *known)
{
	const char *function = known->text + known->file_length;
	const uint8_t *table;
	uint64_t size;

	if (int_in(code, layout.code_first_line) != known->first_line ||
	    !string_is(look, word_in(code, layout.code_name), function, known->function_length) ||
	    !string_is(look, word_in(code, layout.code_filename), known->text, known->file_length))
		return false;
	table = line_table_of(look, code, &size);
	return table && size == known->table_size &&
	       python_table_hash(table, size) == known->table_hash;
}

static bool python_code_remembered(struct python_look *look, const struct python_place *place,
				   const void *code, struct python_line *line)
{
	struct python_known_line known;

	if (!python_known_line_find(place, &known) || !known_line_holds(look, code, &known))
		return false;
	line->file_length = known.file_length;
	line->function_length = known.function_length;
	line->number = known.number;
	line->kind = known.kind;
	memcpy(line->text, known.text, line->file_length + line->function_length);
	return true;
}

static void python_code_remember(const struct python_place *place, const void *code,
				 const uint8_t *table, uint64_t size,
				 const struct python_line *line)
{
	struct python_known_line known = { .place = *place,
					   .table_size = size,
					   .first_line = int_in(code, layout.code_first_line),
					   .number = line->number,
					   .kind = line->kind };

	if (!table || size > PYTHON_KNOWN_TABLE ||
	    line->file_length + line->function_length > sizeof known.text)
		return;
	known.table_hash = python_table_hash(table, size);
	known.file_length = (uint16_t)line->file_length;
	known.function_length = (uint16_t)line->function_length;
	memcpy(known.text, line->text, line->file_length + line->function_length);
	python_known_line_keep(&known);
}

static bool python_code_read(struct python_look *look, const struct python_place *place,
			     const void *code, struct python_line *line)
{
	int first = int_in(code, layout.code_first_line), number = -1;
	const uint8_t *table;
	uint64_t size;

	if (!copy_string(look, word_in(code, layout.code_filename), line->text,
			 sizeof line->text / 2, &line->file_length) ||
	    !copy_string(look, word_in(code, layout.code_name), line->text + line->file_length,
			 sizeof line->text - line->file_length, &line->function_length))
		return false;
	table = line_table_of(look, code, &size);
	if (table)
		number = python_line_of(layout.line_table, table, size, first, (long)place->at);
	line->number = number < 0 ? first : number;
	line->kind = python_frame_kind(line->text + line->file_length, line->function_length,
				       line->text, line->file_length);
	python_code_remember(place, code, table, size, line);
	return true;
}

static bool python_code_name(struct python_look *look, const struct python_place *place,
			     struct python_line *line)
{
	const void *code;

	if (!is_of_type(look, place->code, code_type))
		return false;
	code = look_field_at(look, place->code, code_span);
	if (!code || (!python_code_remembered(look, place, code, line) &&
		      !python_code_read(look, place, code, line)))
		return false;
	line->file = line->text;
	line->function = line->text + line->file_length;
	return true;
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

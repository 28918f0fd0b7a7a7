#include "python_layout.h"

#include <string.h>

#define NONE   PYTHON_NO_PLACE

#define COOKIE "xdebugpy"

/* PyObject: a count, the type. PyBytesObject and PyUnicodeObject have not changed their fields. */
#define OLD_STRINGS .string_length = 16, .string_state = 32, .string_ascii = 48, .string_other = 72
#define NEW_STRINGS .string_length = 16, .string_state = 32, .string_ascii = 40, .string_other = 56
#define COMMON                                                                                     \
	.bytes_length = 16, .bytes_data = 32, .object_type = 8, .string_kind_shift = 2,            \
	.frame_copy = NONE, .code_copies = NONE

/* PyFrameObject, which is an object up to 3.10; PyCodeObject is the same in all three. */
#define OLD_FRAMES                                                                                 \
	.thread_frame = 24, .c_frame_frame = NONE, .frame_previous = 24, .frame_code = 32,         \
	.frame_owner = NONE, .code_name = 112, .code_filename = 104, .code_first_line = 40,        \
	.code_flags = 36, .code_lines = 120, .code_start = NONE, OLD_STRINGS, COMMON

static const struct {
	uint16_t version; /* PY_VERSION_HEX >> 16 */
	struct python_layout layout;
} versions[] = {
	{ 0x0308,
	  { OLD_FRAMES, .frame_instruction = 104, .frame_generator = 96,
	    .instruction = PYTHON_INSTRUCTION_BYTE, .line_table = PYTHON_LINES_LNOTAB } },
	{ 0x0309,
	  { OLD_FRAMES, .frame_instruction = 104, .frame_generator = 96,
	    .instruction = PYTHON_INSTRUCTION_BYTE, .line_table = PYTHON_LINES_LNOTAB } },
	{ 0x030a,
	  { OLD_FRAMES, .frame_instruction = 96, .frame_generator = 88,
	    .instruction = PYTHON_INSTRUCTION_CODEUNIT, .line_table = PYTHON_LINES_RANGES } },
	{ 0x030b,
	  { .thread_frame = 56,
	    .c_frame_frame = 8,
	    .frame_code = 32,
	    .frame_previous = 48,
	    .frame_instruction = 56,
	    .frame_generator = NONE,
	    .frame_owner = 69,
	    .foreign_owner = 255,
	    .code_first_line = 72,
	    .code_flags = 48,
	    .code_filename = 112,
	    .code_name = 120,
	    .code_lines = 136,
	    .code_start = 184,
	    OLD_STRINGS,
	    COMMON,
	    .line_table = PYTHON_LINES_LOCATIONS } },
	{ 0x030c,
	  { .thread_frame = 56,
	    .c_frame_frame = 0,
	    .frame_code = 0,
	    .frame_previous = 8,
	    .frame_instruction = 56,
	    .frame_generator = NONE,
	    .frame_owner = 70,
	    .foreign_owner = 3,
	    .code_first_line = 68,
	    .code_flags = 48,
	    .code_filename = 112,
	    .code_name = 120,
	    .code_lines = 136,
	    .code_start = 192,
	    NEW_STRINGS,
	    COMMON,
	    .line_table = PYTHON_LINES_LOCATIONS } },
};

bool python_layout_of_version(uint32_t version, struct python_layout *layout)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		if (versions[i].version != version >> 16)
			continue;
		*layout = versions[i].layout;
		return true;
	}
	return false;
}

/* Word indexes in _Py_DebugOffsets at which the part of each structure begins, with its size. */
static const struct arrangement {
	uint16_t version;
	uint8_t thread, frame, code, object, bytes, string;
	bool copies; /* frame and code have one more field, for the copies of the free-threaded
			build */
} arrangements[] = {
	{ 0x030d, 19, 28, 34, 44, 64, 67, false },
	{ 0x030e, 22, 31, 39, 50, 74, 77, true },
};

/* Fields of each part, after its size. */
enum {
	THREAD_FRAME = 4,
	FRAME_PREVIOUS = 1,
	FRAME_EXECUTABLE = 2,
	FRAME_INSTRUCTION = 3,
	FRAME_OWNER = 5,
	FRAME_COPY = 7,
	CODE_FILENAME = 1,
	CODE_NAME = 2,
	CODE_LINES = 4,
	CODE_FIRST_LINE = 5,
	CODE_START = 9,
	CODE_COPIES = 10,
	OBJECT_TYPE = 1,
	BYTES_LENGTH = 1,
	BYTES_DATA = 2,
	STRING_STATE = 1,
	STRING_LENGTH = 2,
	STRING_ASCII = 3,
};

/* Checks for a plausible size of a structure: otherwise the arrangement is another one. */
static bool is_size(uint64_t size, uint64_t least, uint64_t most)
{
	return size >= least && size <= most;
}

static bool read_field(const uint64_t *part, unsigned field, size_t size, uint16_t *place)
{
	*place = (uint16_t)part[field];
	return part[field] < part[0] && part[field] + size <= part[0];
}

static bool are_sizes(const uint64_t *thread, const uint64_t *frame, const uint64_t *code,
		      const uint64_t *object, const uint64_t *bytes, const uint64_t *string)
{
	return is_size(thread[0], 128, NONE) && is_size(frame[0], 64, PYTHON_MAX_FRAME) &&
	       is_size(code[0], 128, PYTHON_MAX_CODE) && is_size(object[0], 16, 64) &&
	       is_size(bytes[0], 32, 128) && is_size(string[0], 48, 128) &&
	       is_size(string[STRING_ASCII], 40, 64);
}

static bool read_frame_fields(const uint64_t *thread, const uint64_t *frame,
			      struct python_layout *layout)
{
	return read_field(thread, THREAD_FRAME, 8, &layout->thread_frame) &&
	       read_field(frame, FRAME_PREVIOUS, 8, &layout->frame_previous) &&
	       read_field(frame, FRAME_EXECUTABLE, 8, &layout->frame_code) &&
	       read_field(frame, FRAME_INSTRUCTION, 8, &layout->frame_instruction) &&
	       read_field(frame, FRAME_OWNER, 1, &layout->frame_owner);
}

static bool read_code_fields(const uint64_t *code, struct python_layout *layout)
{
	return read_field(code, CODE_FILENAME, 8, &layout->code_filename) &&
	       read_field(code, CODE_NAME, 8, &layout->code_name) &&
	       read_field(code, CODE_LINES, 8, &layout->code_lines) &&
	       read_field(code, CODE_FIRST_LINE, 4, &layout->code_first_line) &&
	       read_field(code, CODE_START, 1, &layout->code_start);
}

bool python_layout_of_offsets(const uint64_t *words, size_t count, struct python_layout *layout)
{
	const struct arrangement *at = NULL;
	const uint64_t *thread, *frame, *code, *object, *bytes, *string;
	bool free_threaded;

	if (count < PYTHON_OFFSET_WORDS || memcmp(words, COOKIE, sizeof *words) != 0)
		return false;
	/*
	 * A later version may have the arrangement of the latest known one: sizes and fields
	 * decide.
	 */
	for (size_t i = 0; i < sizeof arrangements / sizeof *arrangements; i++)
		if (words[1] >> 16 >= arrangements[i].version)
			at = &arrangements[i];
	if (!at)
		return false;
	free_threaded = words[2];
	thread = words + at->thread;
	frame = words + at->frame;
	code = words + at->code;
	object = words + at->object;
	bytes = words + at->bytes;
	string = words + at->string;
	memset(layout, 0, sizeof *layout);
	layout->c_frame_frame = layout->frame_generator = NONE;
	layout->frame_copy = layout->code_copies = NONE;
	layout->foreign_owner = 3;
	layout->instruction = PYTHON_INSTRUCTION_POINTER;
	layout->line_table = PYTHON_LINES_LOCATIONS;
	/* A separate byte there, because other threads may write it. */
	layout->string_kind_shift = free_threaded && at->copies ? 8 : 2;
	if (at->copies && free_threaded &&
	    !(read_field(frame, FRAME_COPY, 4, &layout->frame_copy) &&
	      read_field(code, CODE_COPIES, 8, &layout->code_copies)))
		return false;
	/* Not included: after the head of a PyVarObject and three references, since 3.11. */
	layout->code_flags = (uint16_t)(object[0] + 32);
	layout->string_ascii = (uint16_t)string[STRING_ASCII];
	layout->string_other = (uint16_t)(string[STRING_ASCII] + 16); /* PyCompactUnicodeObject */
	return are_sizes(thread, frame, code, object, bytes, string) &&
	       read_frame_fields(thread, frame, layout) && read_code_fields(code, layout) &&
	       read_field(object, OBJECT_TYPE, 8, &layout->object_type) &&
	       read_field(bytes, BYTES_LENGTH, 8, &layout->bytes_length) &&
	       read_field(bytes, BYTES_DATA, 1, &layout->bytes_data) &&
	       read_field(string, STRING_STATE, 4, &layout->string_state) &&
	       read_field(string, STRING_LENGTH, 8, &layout->string_length);
}

#include "stack.h"

#include <string.h>

#include "model.h"
#include "source_path.h"

#define MAX_FRAMES 4096 /* with all that is inlined */

static void add(struct report *report, const struct frame *frame)
{
	if (obstack_object_size(&report->memory) < MAX_FRAMES * sizeof *frame)
		obstack_grow(&report->memory, frame, sizeof *frame);
}

/* rustc's own `main`, which calls the program's: it has no line, and std stands within. */
static void disown_rust_main(struct stack *stack)
{
	for (size_t i = 1; i < stack->count; i++) {
		struct frame *frame = &stack->frames[i];
		const char *inner = stack->frames[i - 1].package;

		if (frame->function && !strcmp(frame->function, "main") && !frame->file && inner &&
		    !strcmp(inner, "std")) {
			frame->owner = OWNER_STANDARD;
			frame->package = inner;
		}
	}
}

static struct stack finish(struct report *report)
{
	struct stack stack = { 0 };

	stack.count = obstack_object_size(&report->memory) / sizeof *stack.frames;
	stack.frames = obstack_finish(&report->memory);
	disown_rust_main(&stack);
	for (stack.place = 0; stack.place < stack.count; stack.place++)
		if (stack.frames[stack.place].owner == OWNER_PROGRAM)
			return stack;
	for (stack.place = 0; stack.place < stack.count; stack.place++)
		if (stack.frames[stack.place].owner == OWNER_DEPENDENCY)
			return stack;
	return stack;
}

static void add_address(struct address_space *space, const char *executable, uint64_t address,
			uint64_t when_ns)
{
	struct strings *strings = &space->report->strings;
	struct loaded_module *module = address_space_module(space, address, when_ns);
	const struct source_place *place = NULL;
	struct frame frame = { .native = true, .offset = address };

	if (!module) {
		frame.function = address_space_jit_name(space, address);
		frame_find_owner(&frame, executable, strings);
		add(space->report, &frame);
		return;
	}
	frame.module = module->path;
	frame.build_id = module->build_id;
	frame.offset = address - module->record->base;
	if (module->binary)
		place = binary_find(module->binary, frame.offset);
	for (size_t i = 0; i < (place ? place->count : 1); i++) {
		if (place) {
			frame.function = place->frames[i].function;
			frame.file = place->frames[i].file;
			frame.line = place->frames[i].line;
			frame.language = place->frames[i].language;
			frame.inlined = place->frames[i].inlined;
		}
		frame_find_owner(&frame, executable, strings);
		if (!frame.function && frame.owner == OWNER_PROGRAM)
			address_space_tell_nameless(space, module);
		frame.file = source_path_map(space->report, frame.file);
		add(space->report, &frame);
	}
}

struct stack stack_native(struct address_space *space, const char *executable,
			  const uint64_t *addresses, size_t count, uint64_t when_ns)
{
	/* A return address is the instruction behind the call, which may be of another line or
	 * function. */
	for (size_t i = 0; i < count; i++)
		if (addresses[i])
			add_address(space, executable, addresses[i] - 1, when_ns);
	return finish(space->report);
}

static int number(const char *text, const char *end)
{
	int value = 0;

	for (; text < end && *text >= '0' && *text <= '9' && value < 100000000; text++)
		value = 10 * value + (*text - '0');
	return value;
}

struct stack stack_script(struct report *report, const char *text, size_t size,
			  enum script_language language)
{
	const char *end = text + size;

	for (const char *line = text, *next; line < end; line = next + 1) {
		struct frame frame = { 0 };
		const char *file, *line_number;

		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		file = memchr(line, '\t', (size_t)(next - line));
		line_number = file ? memchr(file + 1, '\t', (size_t)(next - file - 1)) : NULL;
		if (!line_number)
			continue;
		frame.function = strings_keep_part(&report->strings, line, (size_t)(file - line));
		frame.file = strings_keep_part(&report->strings, file + 1,
					       (size_t)(line_number - file - 1));
		frame.line = number(line_number + 1, next);
		frame.language = language == SCRIPT_PYTHON	 ? "Python"
				 : language == SCRIPT_JAVASCRIPT ? "JavaScript"
								 : NULL;
		frame_find_owner(&frame, NULL, &report->strings);
		frame.file = source_path_map(report, frame.file);
		add(report, &frame);
	}
	return finish(report);
}

const struct frame *stack_place(const struct stack *stack)
{
	return stack->place < stack->count ? &stack->frames[stack->place] : NULL;
}

bool frame_is_users(const struct frame *frame)
{
	return frame->owner == OWNER_PROGRAM && frame->file;
}

const struct frame *stack_users_frame(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (frame_is_users(&stack->frames[i]))
			return &stack->frames[i];
	return NULL;
}

/* Where an interpreter's event loop calls back: what lies outside is how the loop came to run. */
static bool is_script_boundary(const struct frame *frame)
{
	static const char *const loops[] = { "run_forever", "_run_once" };
	size_t length = frame->function ? strlen(frame->function) : 0;

	for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
		size_t tail = strlen(loops[i]);

		if (length >= tail && !strcmp(frame->function + length - tail, loops[i]))
			return frame->owner != OWNER_PROGRAM;
	}
	return false;
}

bool stack_is_turn_boundary(const struct frame *frame)
{
	if (!frame->native)
		return is_script_boundary(frame);
	return frame_is(frame, "tokio", "task::raw::poll") ||
	       frame_is(frame, "tokio", "task::harness::Harness") ||
	       frame_is(frame, "tokio", "poll_future") || frame_is(frame, "async_task", "RawTask");
}

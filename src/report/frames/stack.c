#include "stack.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/session.h"
#include "ownership.h"
#include "shared/text.h"
#include "source_path.h"
#include "inspect/task_type.h"

#define MAX_FRAMES 4096 /* including inlined ones */

/* Grown outside the session's memory, because looking up a frame may allocate there. */
struct growing {
	struct frame *frames;
	size_t count, room;
};

static void growing_add_frame(struct growing *growing, const struct frame *frame)
{
	if (growing->count >= MAX_FRAMES)
		return;
	growing->frames = memory_grow(growing->frames, growing->count, &growing->room,
				      sizeof *growing->frames);
	growing->frames[growing->count++] = *frame;
}

/* rustc's generated `main`, which calls the program's through std, has no line. */
static void disown_rust_main(struct stack *stack)
{
	for (size_t i = 1; i < stack->count; i++) {
		struct frame *frame = &stack->frames[i];
		const char *inner = stack->frames[i - 1].package;

		if (frame->function && !strcmp(frame->function, "main") && !frame->file && inner &&
		    !strcmp(inner, "std")) {
			frame->owner = frame->id_owner = OWNER_STANDARD;
			frame->package = inner;
		}
	}
}

/* Where an interpreter's event loop calls back: frames outside only show how the
 * loop was started. */
static bool is_script_boundary(const struct frame *frame)
{
	return frame->owner != OWNER_PROGRAM && frame_python_loop(frame);
}

static bool is_turn_boundary(const struct frame *frame)
{
#define BOUNDARY(id, package, part) frame_is(frame, package, part) ||
	return
#include "executors/table.h"
		false;
}

/*
 * Code that a library makes from a text, or the interpreter has built in: "<template>" of jinja2,
 * "<string>" of namedtuple and dataclasses. `python -c` runs "<string>", too. JavaScript's has no
 * file.
 */
static bool may_be_generated(const struct stack *stack, const struct frame *frame)
{
	const struct frame *last = &stack->frames[stack->count - 1];

	return !frame->native && frame->owner == OWNER_PROGRAM && frame->file &&
	       (!*frame->file || *frame->file == '<') && strcmp(frame->file, "<stdin>") != 0 &&
	       (strcmp(frame->file, last->file ? last->file : "") != 0 || !last->function ||
		strcmp(last->function, "<module>") != 0);
}

/* Generated code below the program's own belongs to its caller: the program's author has only the
 * line that leads to it. */
static void disown_generated(struct stack *stack)
{
	size_t own = 0;

	for (size_t i = 0; i < stack->count && !stack->frames[i].turn_boundary; i++)
		if (stack->frames[i].owner == OWNER_PROGRAM &&
		    !may_be_generated(stack, &stack->frames[i]))
			own = i;
	while (own-- > 0) {
		struct frame *frame = &stack->frames[own];
		const struct frame *caller = frame + 1;
		bool by_library =
			caller->owner == OWNER_DEPENDENCY || caller->owner == OWNER_STANDARD;

		if (!may_be_generated(stack, frame))
			continue;
		frame->owner = by_library ? caller->owner : OWNER_STANDARD;
		frame->package = by_library ? caller->package : FRAME_GENERATED;
	}
}

static size_t owner_place_of(const struct stack *stack, enum frame_owner owner, size_t end)
{
	size_t place = 0;

	while (place < end && stack->frames[place].owner != owner)
		place++;
	return place < end ? place : stack->count;
}

static size_t id_place_of(const struct stack *stack, enum frame_owner owner)
{
	size_t place = 0;

	while (place < stack->count && stack->frames[place].id_owner != owner)
		place++;
	return place;
}

void stack_find_places(struct stack *stack)
{
	size_t boundary = 0;

	while (boundary < stack->count && !stack->frames[boundary].turn_boundary)
		boundary++;
	stack->place = owner_place_of(stack, OWNER_PROGRAM, boundary);
	if (stack->place == stack->count)
		stack->place = owner_place_of(stack, OWNER_DEPENDENCY, boundary);
	if (stack->place == stack->count)
		stack->place = owner_place_of(stack, OWNER_PROGRAM, stack->count);
	if (stack->place == stack->count)
		stack->place = owner_place_of(stack, OWNER_DEPENDENCY, stack->count);
	stack->id_place = id_place_of(stack, OWNER_PROGRAM);
	if (stack->id_place == stack->count)
		stack->id_place = id_place_of(stack, OWNER_DEPENDENCY);
}

static struct stack growing_finish(struct session *session, struct growing *growing)
{
	struct stack stack = { .count = growing->count };

	stack.frames = obstack_alloc(&session->memory, (stack.count + 1) * sizeof *stack.frames);
	if (stack.count)
		memcpy(stack.frames, growing->frames, stack.count * sizeof *stack.frames);
	free(growing->frames);
	disown_rust_main(&stack);
	for (size_t i = 0; i < stack.count; i++)
		if (!stack.frames[i].native)
			stack.frames[i].turn_boundary = is_script_boundary(&stack.frames[i]);
	disown_generated(&stack);
	stack_find_places(&stack);
	return stack;
}

/* An address and its module. */
struct located {
	const struct loaded_module *module; /* NULL: none */
	const char *jit_name;
	uint64_t offset;
};

static struct located frames_locate(struct address_space *space, uint64_t address, uint64_t when_ns)
{
	struct located located = { address_space_module(space, address, when_ns), NULL, address };

	if (located.module)
		located.offset -= located.module->record->base;
	else
		located.jit_name = address_space_jit_name(space, address);
	return located;
}

/* The interpreter itself and extension modules. */
static bool may_have_methods(const struct frame *frame)
{
	const char *name = path_name(frame->module);

	return !strncmp(name, "python", 6) || !strncmp(name, "libpython", 9) ||
	       strstr(name, ".cpython-") || strstr(name, ".abi3.so");
}

static void add_located(struct growing *growing, struct address_space *space,
			struct ownership *ownership, const struct located *located)
{
	struct strings *strings = &space->session->strings;
	const struct loaded_module *module = located->module;
	const struct source_place *place = NULL;
	struct frame frame = { .native = true, .offset = located->offset };

	if (!module) {
		frame.function = located->jit_name;
		frame_find_owner(&frame, ownership, strings);
		growing_add_frame(growing, &frame);
		return;
	}
	frame.module = module->path;
	frame.build_id = module->build_id;
	if (module->path == ownership->executable)
		frame.called = ownership->called;
	if (module->binary)
		place = binary_find(module->binary, frame.offset);
	for (size_t i = 0; i < (place ? place->count : 1); i++) {
		if (place) {
			frame.function = place->frames[i].function;
			frame.file = place->frames[i].file;
			frame.line = place->frames[i].line;
			frame.language = place->frames[i].language;
			frame.inlined = place->frames[i].inlined;
			frame.shared = place->frames[i].shared;
			frame.state_machine = place->frames[i].state_machine;
		}
		if (place && module->path == ownership->executable && frame.language &&
		    !strcmp(frame.language, "Rust"))
			ownership_read_crate(space->session, ownership, module->binary);
		frame_find_owner(&frame, ownership, strings);
		frame.turn_boundary = is_turn_boundary(&frame);
		frame.task = frame.turn_boundary && module->binary
				     ? task_type_of(strings, binary_generic_name(module->binary,
										 frame.offset))
				     : NULL;
		frame.method = may_have_methods(&frame) && module->binary
				       ? binary_python_method(module->binary, frame.offset)
				       : NULL;
		if (!frame.file && frame.owner == OWNER_PROGRAM)
			address_space_tell_lack(space, module, frame.function);
		frame.file = source_path_map(space->session, frame.file);
		growing_add_frame(growing, &frame);
	}
}

/*
 * A stack that already exists, from this process or another: a thousand processes of one program
 * have the same stacks. Frames are made and stored once.
 */
struct known_stack {
	struct stack stack;
	UT_hash_handle hh;
	char key[];
};

static struct known_stack *find_known(struct known_stack *stacks, const void *key, size_t size)
{
	struct known_stack *known;

	HASH_FIND(hh, stacks, key, size, known);
	return known;
}

static struct stack keep_known(struct known_stack **stacks, const void *key, size_t size,
			       struct stack stack)
{
	struct known_stack *known = memory_get(sizeof *known + size);

	known->stack = stack;
	memcpy(known->key, key, size);
	HASH_ADD_KEYPTR(hh, *stacks, known->key, size, known);
	return stack;
}

static void known_deinit(struct known_stack **stacks)
{
	struct known_stack *known, *next;

	HASH_ITER (hh, *stacks, known, next) {
		HASH_DEL(*stacks, known);
		free(known);
	}
}

void stacks_deinit(struct session *session)
{
	known_deinit(&session->known_stacks);
	known_deinit(&session->known_scripts[false]);
	known_deinit(&session->known_scripts[true]);
}

#define KEY_WORDS 4 /* per address */

/* Everything from which frames are made; kept strings, so equal texts have equal pointers. */
static size_t write_key(const struct located *located, size_t count,
			const struct ownership *ownership, uint64_t *key)
{
	size_t words = 0;

	key[words++] = (uintptr_t)ownership;
	for (size_t i = 0; i < count; i++) {
		const struct loaded_module *module = located[i].module;

		key[words++] = (uintptr_t)(module ? module->path : located[i].jit_name);
		key[words++] = (uintptr_t)(module ? module->build_id : NULL);
		key[words++] = (uintptr_t)(module ? module->binary : NULL);
		key[words++] = located[i].offset;
	}
	return words;
}

/*
 * A library's function without a name that the program called: the call names it. It is the
 * function itself, or one to which that ended in a jump.
 */
static void name_by_call(struct frame *frame, const struct frame *caller,
			 const struct located *call)
{
	/* What may be the program's own keeps its place's id. */
	if (frame->function || !frame->module || frame->owner == OWNER_PROGRAM ||
	    caller->owner != OWNER_PROGRAM || caller->module == frame->module ||
	    !call->module->binary)
		return;
	frame->function = binary_called_import(call->module->binary, call->offset + 1);
}

static struct stack stack_make(struct address_space *space, struct ownership *ownership,
			       const struct located *located, size_t count)
{
	struct growing growing = { 0 };

	for (size_t i = 0; i < count; i++) {
		size_t at = growing.count;

		add_located(&growing, space, ownership, &located[i]);
		if (at && at < growing.count && located[i].module)
			name_by_call(&growing.frames[at - 1], &growing.frames[at], &located[i]);
	}
	return growing_finish(space->session, &growing);
}

struct stack stack_native(struct address_space *space, struct ownership *ownership,
			  const uint64_t *addresses, size_t count, uint64_t when_ns)
{
	struct session *session = space->session;
	struct located located[TRACE_MAX_FRAMES];
	uint64_t key[1 + KEY_WORDS * TRACE_MAX_FRAMES];
	struct known_stack *known;
	size_t used = 0, size;

	/* A return address is the instruction after the call, which may belong to another line or
	 * function. */
	for (size_t i = 0; i < count && used < TRACE_MAX_FRAMES; i++)
		if (addresses[i])
			located[used++] = frames_locate(space, addresses[i] - 1, when_ns);
	size = write_key(located, used, ownership, key) * sizeof *key;
	known = find_known(session->known_stacks, key, size);
	if (known)
		return known->stack;
	return keep_known(&session->known_stacks, key, size,
			  stack_make(space, ownership, located, used));
}

static int digits_number(const char *text, const char *end)
{
	int value = 0;

	for (; text < end && *text >= '0' && *text <= '9' && value < 100000000; text++)
		value = 10 * value + (*text - '0');
	return value;
}

static struct stack make_script(struct session *session, const char *text, size_t size,
				const struct ownership *ownership, enum script_language language)
{
	struct growing growing = { 0 };
	const char *end = text + size;

	for (const char *line = text, *next; line < end; line = next + 1) {
		struct frame frame = { 0 };
		const char *file, *line_number, *begin;

		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		file = memchr(line, '\t', (size_t)(next - line));
		line_number = file ? memchr(file + 1, '\t', (size_t)(next - file - 1)) : NULL;
		if (!line_number)
			continue;
		/* V8's notation for a function, or for a module's top-level code. */
		frame.function = file == line ? "<anonymous>"
					      : strings_keep_part(&session->strings, line,
								  (size_t)(file - line));
		frame.file = strings_keep_part(&session->strings, file + 1,
					       (size_t)(line_number - file - 1));
		frame.line = digits_number(line_number + 1, next);
		begin = memchr(line_number + 1, '\t', (size_t)(next - line_number - 1));
		frame.begin = begin ? digits_number(begin + 1, next) : 0;
		frame.language = language == SCRIPT_PYTHON	 ? "Python"
				 : language == SCRIPT_JAVASCRIPT ? "JavaScript"
								 : NULL;
		frame_find_owner(&frame, ownership, &session->strings);
		frame.file = source_path_map(session, frame.file);
		growing_add_frame(&growing, &frame);
	}
	return growing_finish(session, &growing);
}

struct stack stack_script(struct session *session, const char *text, size_t size,
			  const struct ownership *ownership, enum script_language language)
{
	/* The number is untrusted input. */
	struct known_stack **scripts = &session->known_scripts[language == SCRIPT_PYTHON];
	char *key = memory_get(sizeof ownership + size);
	struct known_stack *known;
	struct stack stack;

	memcpy(key, &ownership, sizeof ownership);
	memcpy(key + sizeof ownership, text, size);
	known = find_known(*scripts, key, sizeof ownership + size);
	stack = known ? known->stack
		      : keep_known(scripts, key, sizeof ownership + size,
				   make_script(session, text, size, ownership, language));
	free(key);
	return stack;
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

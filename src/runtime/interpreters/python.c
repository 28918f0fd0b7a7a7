#include "python.h"

#include <stdint.h>
#include <string.h>

#include "runtime/modules/modules.h"
#include "python_dump.h"
#include "python_script.h"
#include "python_stack.h"
#include "shared/text.h"

#define STARTING_FRAMES 4  /* number of frames from the lock out to Thread.start */
#define PASSED_CODES	8  /* functions that call each other in recursion */
#define LAST_FRAMES	12 /* of a deep stack: those that the loop called first */

static struct {
	uintptr_t runtime, runtime_end;
	void *(*this_thread_state)(void); /* PyGILState_GetThisThreadState */
	const struct module *module;
	bool layout_is_known; /* otherwise CPython itself must write its frames */
} python;

static void find_runtime(struct module *module)
{
	struct symbol_extent extent = module_symbol_extent(module, "_PyRuntime");

	python.runtime = extent.address;
	python.runtime_end = extent.address + extent.size;
}

void python_module_added(struct module *module)
{
	uintptr_t state = module_symbol(module, "PyGILState_GetThisThreadState");

	if (!state)
		return;
	find_runtime(module);
	python.module = module;
	python.this_thread_state = (void *(*)(void))state;
	python.layout_is_known = python_stack_init(module);
	if (!python.layout_is_known)
		python_dump_init(module);
}

void python_forked(void)
{
	void *state = python.this_thread_state ? python.this_thread_state() : NULL;

	if (state && python.layout_is_known)
		python_stack_forked(state);
}

bool python_is_loaded(void)
{
	return python.this_thread_state;
}

bool python_is_module(const struct module *module)
{
	/* Its select module is part of the executable, or a shared object. */
	return python.module &&
	       (module == python.module || !strncmp(module_name(module), "select.cpython", 14));
}

bool python_is_interpreter(const struct module *module)
{
	return python.module && module == python.module;
}

bool python_owns_lock(const void *lock)
{
	uintptr_t address = (uintptr_t)lock;

	return address >= python.runtime && address < python.runtime_end;
}

bool python_starts_thread(const char *script, size_t size)
{
	static const char start[] = "start\t", module[] = "/threading.py\t";
	const char *line = script, *end = script + size;

	for (unsigned i = 0; i < STARTING_FRAMES && line < end; i++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		next = next ? next + 1 : end;
		if ((size_t)(next - line) > sizeof start && !memcmp(line, start, sizeof start - 1))
			return memmem(line, (size_t)(next - line), module, sizeof module - 1);
		line = next;
	}
	return false;
}

#define DIGITS 12

/* At the end of `digits`; returns how many. */
static size_t python_put_number(char digits[DIGITS], int number)
{
	size_t at = DIGITS;

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	return DIGITS - at;
}

static struct python_frame python_frame_of(const struct python_line *line, char digits[DIGITS])
{
	struct python_frame frame = { .file = line->file,
				      .file_length = line->file_length,
				      .function = line->function,
				      .function_length = line->function_length,
				      .number_length = python_put_number(digits, line->number),
				      .kind = line->kind };

	frame.number = digits + DIGITS - frame.number_length;
	return frame;
}

/* Returns whether it is an event loop's function. */
static bool python_add_line(struct python_script *script, const struct python_line *line)
{
	char digits[DIGITS];
	const struct python_frame frame = python_frame_of(line, digits);

	return python_script_add(script, &frame);
}

static void python_add_entry(struct python_script *script, const struct python_line *line)
{
	char digits[DIGITS];
	const struct python_frame frame = python_frame_of(line, digits);

	python_script_add_entry(script, &frame);
}

static void python_add_place(struct python_script *script, struct python_walk *walk,
			     const struct python_place *place)
{
	struct python_line line;

	if (python_walk_name(walk, place, &line) && python_add_line(script, &line))
		python_note_loop(place->code);
}

/*
 * Where a deep turn began: its outermost frames up to the loop's function, in the room that its
 * innermost ones left. To name a frame takes far longer than to pass it. `place`: the next frame.
 */
static void python_add_outermost(struct python_script *script, struct python_walk *walk,
				 struct python_place *place)
{
	struct python_place last[LAST_FRAMES];
	size_t count = 0;

	do
		last[count++ % LAST_FRAMES] = *place;
	while (!python_is_loop(place->code) && python_walk_next(walk, place));
	for (size_t i = count > LAST_FRAMES ? count - LAST_FRAMES : 0; i < count; i++)
		python_add_place(script, walk, &last[i % LAST_FRAMES]);
}

/* Whether this function is one of the last that were asked for; notes it. */
static bool python_was_passed(uintptr_t *passed, uintptr_t code)
{
	for (unsigned i = 0; i < PASSED_CODES; i++)
		if (passed[i] == code)
			return true;
	memmove(passed + 1, passed, (PASSED_CODES - 1) * sizeof *passed);
	passed[0] = code;
	return false;
}

/* What does not fit: adds the program's first frame, and the library's `before` it. */
static void python_add_own(struct python_script *script, struct python_walk *walk,
			   const struct python_place *place, const struct python_place *before)
{
	struct python_line line;

	if (!python_walk_name(walk, place, &line))
		return;
	if (python_script_wants_entry(script, line.kind) && python_walk_name(walk, before, &line)) {
		python_add_entry(script, &line);
		if (!python_walk_name(walk, place, &line))
			return;
	}
	if (python_add_line(script, &line))
		python_note_loop(place->code);
}

static void python_walk_frames(struct python_script *script, struct python_walk *walk,
			       bool interrupted)
{
	uintptr_t passed[PASSED_CODES] = { 0 };
	struct python_place place, before = { 0 };

	for (; python_walk_next(walk, &place); before = place) {
		if (interrupted && script->used > script->size / 3 * 2) {
			python_script_keep(script);
			python_add_outermost(script, walk, &place);
			break;
		}
		/*
		 * Only a loop's frame is still put in, and the program's first. To pass one takes
		 * far less than to name it, so a function that calls itself is named once.
		 */
		if (script->full && python_knows_loops() && !python_is_loop(place.code) &&
		    (script->has_own || python_was_passed(passed, place.code)))
			continue;
		if (script->full && !script->has_own)
			python_add_own(script, walk, &place, &before);
		else
			python_add_place(script, walk, &place);
		/* A test runner has 50 more frames, which do not fit. */
		if (script->full && script->in_loop && walk->look.trusts)
			break;
	}
}

size_t python_frames(char *text, size_t size, bool interrupted)
{
	struct python_script script = { .text = text, .size = size };
	void *state = python.this_thread_state ? python.this_thread_state() : NULL;
	struct python_walk walk;

	if (!state)
		return 0;
	if (python.layout_is_known) {
		python_walk_init(&walk, state, interrupted);
		python_walk_frames(&script, &walk, interrupted);
	} else {
		python_dump_frames(state, &script);
	}
	return script.used;
}

size_t python_called_from(struct python_place *places, size_t count, struct python_caller *caller)
{
	void *state = python.layout_is_known ? python.this_thread_state() : NULL;
	struct python_walk walk;
	size_t used = 0;

	*caller = (struct python_caller){ 0 };
	if (!state)
		return 0;
	python_walk_init(&walk, state, false);
	caller->frame = walk.frame;
	while (used < count && python_walk_next(&walk, &places[used])) {
		used++;
		if (walk.coroutine || python_is_loop(places[used - 1].code))
			break;
	}
	/* Further out only one more frame is needed. */
	if (used == count && !walk.coroutine && !python_is_loop(places[used - 1].code) &&
	    python_walk_to_boundary(&walk))
		python_walk_next(&walk, &places[used - 1]);
	caller->coroutine = walk.coroutine;
	caller->below_loop = used && (walk.coroutine || python_is_loop(places[used - 1].code));
	return used;
}

size_t python_places(struct python_place *places, size_t count)
{
	void *state = python.layout_is_known ? python.this_thread_state() : NULL;
	struct python_walk walk;
	size_t used = 0;

	if (!state)
		return 0;
	python_walk_init(&walk, state, false);
	while (used < count && python_walk_next(&walk, &places[used]))
		used++;
	return used;
}

uintptr_t python_innermost_frame(void)
{
	void *state = python.layout_is_known ? python.this_thread_state() : NULL;
	struct python_walk walk;

	if (!state)
		return 0;
	python_walk_init(&walk, state, false);
	return walk.frame;
}

bool python_is_in_threading(void)
{
	struct python_place place;
	struct python_line line;

	return python_places(&place, 1) && python_place_name(&place, &line) &&
	       (text_part_ends(line.file, line.file_length, "/threading.py") ||
		text_part_ends(line.file, line.file_length, "<frozen importlib._bootstrap>"));
}

size_t python_places_text(const struct python_place *places, size_t count, char *text, size_t size)
{
	struct python_script script = { .text = text, .size = size };
	struct python_line line;

	for (size_t i = 0; i < count; i++)
		if (python_place_name(&places[i], &line))
			python_add_line(&script, &line);
	return script.used;
}

bool python_coroutine_runs(uintptr_t frame)
{
	void *state = python.layout_is_known ? python.this_thread_state() : NULL;
	struct python_walk walk;
	struct python_place place;

	if (!state)
		return false;
	python_walk_init(&walk, state, false);
	while (python_walk_next(&walk, &place))
		if (walk.coroutine == frame)
			return true;
	return false;
}

bool python_coroutine_place(uintptr_t frame, const struct python_place *places, size_t count,
			    struct python_place *place)
{
	if (!python_place_of_coroutine(frame, place))
		return false;
	for (size_t i = 0; i < count; i++)
		if (places[i].code == place->code)
			return true;
	return false;
}

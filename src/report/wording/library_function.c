#include "library_function.h"

#include <string.h>

#include "javascript_name.h"
#include "python_name.h"
#include "report/frames/rust_name.h"
#include "report/frames/source_text.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "shared/text.h"

/* Paths inside std as users know them. */
static const struct {
	const char *inner, *known;
} public_paths[] = {
	{ "std::thread::functions::", "std::thread::" },
	{ "std::thread::join_handle::", "std::thread::" },
	{ "std::sync::poison::mutex::", "std::sync::" },
	{ "std::sync::poison::rwlock::", "std::sync::" },
	{ "std::sync::poison::condvar::", "std::sync::" },
	{ "std::sync::poison::", "std::sync::" },
	{ "std::io::stdio::_print", "println!" },
	{ "std::io::stdio::_eprint", "eprintln!" },
	{ "std::io::stdio::", "std::io::" },
	{ "std::net::tcp::", "std::net::" },
	{ "std::net::udp::", "std::net::" },
};

#define COUNT(array) (sizeof array / sizeof *array)

static const char *public_path(struct session *session, const char *function)
{
	static const char inner[] = "::inner"; /* std's name for the non-generic part */
	size_t size = strlen(function);

	if (size > sizeof inner && !strcmp(function + size - (sizeof inner - 1), inner))
		function =
			strings_keep_part(&session->strings, function, size - (sizeof inner - 1));
	for (size_t i = 0; i < COUNT(public_paths); i++) {
		size_t length = strlen(public_paths[i].inner);

		if (!strncmp(function, public_paths[i].inner, length))
			return strings_print(&session->strings, "%s%s", public_paths[i].known,
					     function + length);
	}
	return function;
}

/* The place, where the library's outermost frame ends. If there is none, no library was called. */
static size_t library_end(const struct stack *stack)
{
	return stack_place(stack) ? stack->place : 0;
}

/* Where the turn's frames end, at most at the place. If it ends before that, no function of the
 * program has a frame in it: all were inlined into the poll of the task. */
static size_t end_in_turn(const struct stack *stack)
{
	size_t end = 0;

	while (end < library_end(stack) && !stack->frames[end].turn_boundary)
		end++;
	return end;
}

/*
 * Likewise for a script within the turn. Without a program frame in it: the loop's own functions,
 * or, if the stack was too deep to record, the available frames.
 */
static size_t script_end(const struct stack *stack)
{
	size_t end = 0;

	while (end < stack->count && end < stack->place && !stack->frames[end].turn_boundary)
		end++;
	if (end < stack->place || end == stack->count)
		while (end && stack->frames[end - 1].owner == OWNER_EXECUTOR)
			end--;
	return end;
}

/* The start of the name that ends at `end`, with its path: "tracing::info" or "Atomics.wait". */
static const char *name_start(const char *line, const char *end)
{
	while (end > line && (is_name_character(end[-1]) || end[-1] == ':' || end[-1] == '.'))
		end--;
	while (*end == ':' || *end == '.')
		end++;
	return end;
}

/* The macro used by a line of Rust; NULL if there is none, or several. */
static const char *macro_on_line(struct session *session, const struct frame *frame)
{
	const char *found = NULL, *line, *start;
	size_t length;

	line = source_text_line(session, frame->file, frame->line, &length);
	for (size_t i = 1; line && i + 1 < length; i++) {
		if (line[i] == '/' && line[i - 1] == '/')
			break;
		if (line[i] != '!' || !is_name_character(line[i - 1]) ||
		    !strchr("([{ ", line[i + 1]))
			continue;
		start = name_start(line, line + i);
		if (found)
			return NULL;
		found = strings_keep_part(&session->strings, start, (size_t)(line + i + 1 - start));
	}
	return found;
}

/* The only call on a line of a script; NULL if there is none, or several. */
static const char *call_on_line(struct session *session, const struct frame *frame)
{
	const char *found = NULL, *line, *start;
	size_t length;

	line = source_text_line(session, frame->file, frame->line, &length);
	for (size_t i = 1; line && i < length; i++) {
		if (line[i] != '(' || !is_name_character(line[i - 1]))
			continue;
		start = name_start(line, line + i);
		if (found)
			return NULL;
		found = strings_keep_part(&session->strings, start, (size_t)(line + i - start));
	}
	return found;
}

/*
 * A closure made by a library's macro within the program's function: it has the program's name and
 * the library's file.
 */
static bool is_macros_closure(const struct frame *frame, const struct frame *place)
{
	size_t length = place->function ? strlen(place->function) : 0;

	return frame_is_rust(frame) && frame->owner != OWNER_PROGRAM && length && frame->function &&
	       !strncmp(frame->function, place->function, length) &&
	       strstr(frame->function + length, "{{closure}}");
}

/* "drop of T" for core::ptr::drop_in_place<T>. */
static const char *native_name(struct session *session, const struct frame *frame)
{
	static const char drop[] = "core::ptr::drop_in_place<";
	const char *function = frame->function;

	if (!strncmp(function, drop, sizeof drop - 1))
		return strings_print(&session->strings, "drop of %.*s",
				     (int)(strlen(function) - sizeof drop),
				     function + sizeof drop - 1);
	return rust_short_name(&session->strings, public_path(session, function));
}

/* What a macro expands to: "log::__private_api::log", and std's _print. */
static const char *print_macro(struct session *session, const struct frame *place, const char *name)
{
	bool is_macros = name[strlen(name) - 1] == '!' || strstr(name, "::__private");
	const char *macro = is_macros ? macro_on_line(session, place) : NULL;

	return macro ? macro : name;
}

static const char *native_function(struct session *session, const struct finding *finding)
{
	const struct stack *stack = finding_stack(finding);
	const struct frame *place = stack_place(stack), *frame;
	size_t i = library_end(stack);

	if (!i)
		return NULL;
	frame = &stack->frames[i - 1];
	/* If the program's code was inlined into Tokio's block_on, or into the poll of a task, use
	 * the outermost of the frames around the call. */
	if (frame->owner == OWNER_EXECUTOR && (finding->root || end_in_turn(stack) < i)) {
		for (i = 0; stack->frames[i].owner == OWNER_STANDARD; i++)
			;
		frame = i ? &stack->frames[i - 1] : NULL;
	}
	if (!frame || !frame->function || frame->owner == OWNER_SYSTEM)
		return NULL;
	if (is_macros_closure(frame, place)) {
		const char *macro = macro_on_line(session, place);

		return macro || !frame->package
			       ? macro
			       : strings_print(&session->strings, "a macro of %s", frame->package);
	}
	if (strstr(frame->function, "{{"))
		return NULL;
	return print_macro(session, place, native_name(session, frame));
}

static const char *javascript_function(struct session *session, const struct finding *finding)
{
	const char *name = javascript_library_name(session, finding->stacks);
	const struct frame *place = stack_place(finding_stack(finding));

	/* Of a turn that computes no more is known than where it was. */
	if (name || !place || finding_stack(finding)->place || finding->kind == KIND_LONG_TURN)
		return name;
	return call_on_line(session, place);
}

static bool is_generated(const struct frame *frame)
{
	return frame->package && !strcmp(frame->package, FRAME_GENERATED);
}

/* "Point" for its __init__, which a dataclass has as a text. */
static const char *generated_name(struct session *session, const struct stack *stack, size_t end)
{
	const struct frame *frame = &stack->frames[end - 1];
	const char *name;

	if (!is_generated(frame))
		return NULL;
	name = call_on_line(session, stack_place(stack));
	return name || strcmp(frame->function, "<module>") ? name : "exec or eval";
}

static const char *python_function(struct session *session, const struct finding *finding)
{
	const struct stack *stack = finding_stack(finding);
	size_t end = script_end(stack);
	const char *name;

	if (end) {
		name = generated_name(session, stack, end);
		return name ? name : python_library_name(session, stack, end);
	}
	if (!stack_place(stack))
		return NULL;
	name = python_method_name(session, &finding->stacks->native);
	return name ? name : call_on_line(session, stack_place(stack));
}

const char *library_function(struct session *session, const struct finding *finding)
{
	const struct stack *stack = finding_stack(finding);

	if (stack != &finding->stacks->script)
		return native_function(session, finding);
	return finding->language == SCRIPT_PYTHON ? python_function(session, finding)
						  : javascript_function(session, finding);
}

/* A library's own imports on first use are not the program's. */
static void names_add(const char **names, size_t room, size_t *count, const char *name)
{
	if (name && (!*count || strncmp(name, "import", 6) != 0) && *count < room &&
	    (!*count || names[*count - 1] != name))
		names[(*count)++] = name;
}

static void add_scripts(struct session *session, const struct finding *finding, const char **names,
			size_t room, size_t *count)
{
	const struct stack *script = &finding->stacks->script;

	for (size_t i = script_end(script); i-- > 0;)
		names_add(names, room, count,
			  finding->language == SCRIPT_PYTHON
				  ? python_name(session, &script->frames[i])
				  : javascript_name(session, &script->frames[i],
						    i + 1 < script->count ? &script->frames[i + 1]
									  : NULL));
	if (finding->language == SCRIPT_PYTHON)
		names_add(names, room, count,
			  python_method_name(session, &finding->stacks->native));
}

/* For native code called by a script: where the interpreter or JIT code begins. */
static size_t below_script(const struct stack *native)
{
	size_t end = 0;

	while (end < native->count && native->frames[end].module &&
	       !python_is_evaluation(&native->frames[end]) &&
	       (!native->frames[end].package || strcmp(native->frames[end].package, "Node")))
		end++;
	return end;
}

size_t library_functions(struct session *session, const struct finding *finding, const char **names,
			 size_t room)
{
	const struct stack *native = &finding->stacks->native;
	size_t count = 0, end = end_in_turn(native);

	names_add(names, room, &count, library_function(session, finding));
	if (finding->stacks->script.count) {
		add_scripts(session, finding, names, room, &count);
		end = below_script(native);
	}
	while (end-- > 0) {
		const struct frame *frame = &native->frames[end];

		names_add(names, room, &count,
			  frame->function ? native_name(session, frame)
			  : frame->module ? path_name(frame->module)
					  : NULL);
	}
	return count;
}

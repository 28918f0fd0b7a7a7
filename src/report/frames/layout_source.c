#include "layout_source.h"

#include <string.h>

#include "inspect/session.h"
#include "source_path.h"

/* "MutexGuard<u32>" of "std::sync::poison::mutex::MutexGuard<u32>"; kept. */
const char *layout_source_type(const struct layout_source *source, const struct layout_value *value)
{
	static const char global[] = ", alloc::alloc::Global";
	struct session *session = source->session;
	const char *type = layout_text(source->layout, value->type);
	char *text = memory_get(strlen(type) + 1), *to = text, *begin = text;
	const char *kept;

	for (; *type; type++) {
		/* Every Box, Vec and Arc has this parameter, and no source spells it out. */
		if (!strncmp(type, global, sizeof global - 1)) {
			type += sizeof global - 2;
			continue;
		}
		/* An unnamed type goes by the name of its function. */
		if (!strncmp(type, "::", 2) && type[2] != '{') {
			to = begin;
			type++;
			continue;
		}
		*to++ = *type;
		if (strchr("<>(), &*[;", *type))
			begin = to;
	}
	*to = '\0';
	kept = strings_keep(&session->strings, text);
	free(text);
	return kept;
}

static void set_frame(const struct layout_source *source, struct frame *frame,
		      const struct layout_machine *machine, const char *file, uint32_t line)
{
	struct session *session = source->session;

	*frame = (struct frame){
		.function = strings_keep(&session->strings,
					 layout_text(source->layout, machine->function)),
		.file = *file ? strings_keep(&session->strings, file) : NULL,
		.line = *file ? (int)line
			      : 0, /* damaged debug information has a line but no file */
		.language = machine->language == LAYOUT_RUST ? "Rust" : "C++",
		.module = source->path,
		.build_id = source->build_id,
		.native = true,
	};
	frame_find_owner(frame, source->ownership, &session->strings);
	frame->native = false; /* stands for no instruction */
	frame->file = source_path_map(session, frame->file);
}

struct stack layout_source_stack(const struct layout_source *source,
				 const struct layout_machine *machine, uint32_t file, uint32_t line)
{
	const struct layout *layout = source->layout;
	struct frame *frames = obstack_alloc(&source->session->memory, 2 * sizeof *frames);
	struct stack stack = { .frames = frames, .count = 1 };

	/* Code without its own line uses the function's line. */
	if (!line) {
		file = machine->file;
		line = machine->line;
	}
	set_frame(source, &frames[0], machine, layout_text(layout, file), line);
	if (machine->line && machine->file && machine->file != file) {
		set_frame(source, &frames[1], machine, layout_text(layout, machine->file),
			  machine->line);
		stack.count = 2;
	}
	stack_find_places(&stack);
	return stack;
}

const char *layout_source_variable(const struct layout_source *source,
				   const struct layout_value *value)
{
	const struct layout *layout = source->layout;

	if (value->flags & VALUE_TEMPORARY)
		return "a temporary";
	if (!value->name)
		return "a guard";
	if (!strncmp(layout_text(layout, value->name), "__awaitee", 9))
		return "the awaited future";
	return strings_keep(&source->session->strings, layout_text(layout, value->name));
}

struct frame layout_source_frame(const struct layout_source *source, uint32_t machine,
				 uint32_t state)
{
	const struct layout_state *at = &source->layout->states[state];
	struct stack stack =
		layout_source_stack(source, &source->layout->machines[machine], at->file, at->line);
	struct frame frame = stack.frames[stack.place < stack.count ? stack.place : 0];

	frame.state_machine = true;
	return frame;
}

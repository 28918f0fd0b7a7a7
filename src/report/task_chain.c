#include "task_chain.h"

#include <string.h>

#include "model.h"
#include "source_path.h"

struct chain {
	struct report *report;
	const struct layout *layout;
	const char *path, *build_id;
};

static void add_frame(const struct chain *chain, const char *function, const char *file,
		      uint32_t line, bool state_machine)
{
	struct report *report = chain->report;
	struct frame frame = {
		.function = strings_keep(&report->strings, function),
		.file = *file ? strings_keep(&report->strings, file) : NULL,
		.line = (int)line,
		.language = "Rust",
		.module = chain->path,
		.build_id = chain->build_id,
		.native = true,
		.state_machine = state_machine,
	};

	frame_find_owner(&frame, chain->path, &report->strings);
	frame.native = false; /* no instruction is meant */
	frame.file = source_path_map(report, frame.file);
	obstack_grow(&report->memory, &frame, sizeof frame);
}

/*
 * An await that a macro of another crate made (select!, join!) has that macro's line: the beginning
 * of the function that uses it is the nearest that its author knows.
 */
static void add_link(const struct chain *chain, const struct layout_link *link)
{
	const struct layout *layout = chain->layout;
	const struct layout_machine *machine = &layout->machines[link->machine];
	const struct layout_state *state = &layout->states[link->state];
	bool of_macro = machine->line && machine->file != state->file;
	bool begun = state->value >= LAYOUT_FIRST_WAIT;

	add_frame(chain, layout_text(layout, machine->function),
		  layout_text(layout, of_macro || !begun ? machine->file : state->file),
		  of_macro || !begun ? machine->line : state->line, true);
}

/* What macros make has no name that a reader knows. */
static bool is_told(const char *type)
{
	return !strstr(type, "{closure") && strncmp(type, "core::future::", 14) &&
	       strncmp(type, "core::pin::Pin<&", 16) && *type != '&';
}

struct stack task_chain_frames(struct report *report, const struct layout *layout, const char *path,
			       const char *build_id, const struct layout_link *links, size_t count)
{
	const struct chain chain = { report, layout, path, build_id };
	const struct layout_value *leaf = NULL;
	struct stack stack = { 0 };

	for (size_t i = 0; i < count; i++)
		add_link(&chain, &links[i]);
	if (count)
		leaf = layout_leaf(layout, &layout->states[links[count - 1].state]);
	if (leaf && is_told(layout_text(layout, leaf->type)))
		add_frame(&chain, layout_text(layout, leaf->type), "", 0, false);
	stack.count = obstack_object_size(&report->memory) / sizeof *stack.frames;
	stack.frames = obstack_finish(&report->memory);
	return stack;
}

#include "task_chain.h"

#include <string.h>

#include "inspect/session.h"

/* A future that was never polled is at the start of its function. */
static struct frame link_frame(const struct layout_source *source, const struct layout_link *link)
{
	struct frame frame = layout_source_frame(source, link->machine, link->state);

	if (source->layout->states[link->state].value < LAYOUT_FIRST_WAIT)
		frame.line = (int)source->layout->machines[link->machine].line;
	return frame;
}

/* Readers do not know the names that macros generate. */
static bool type_is_named(const char *type)
{
	return !strstr(type, "{closure") && strncmp(type, "core::future::", 14) &&
	       strncmp(type, "core::pin::Pin<&", 16) && *type != '&';
}

/* An awaited future that is not a state machine: its type has a name, but no line. */
static struct frame leaf_frame(const struct layout_source *source, const char *type)
{
	struct strings *strings = &source->session->strings;
	struct frame frame = {
		.function = strings_keep(strings, type),
		.language = "Rust",
		.module = source->path,
		.build_id = source->build_id,
		.native = true,
	};

	frame_find_owner(&frame, source->ownership, strings);
	frame.native = false; /* stands for no instruction */
	return frame;
}

struct stack task_chain_frames(const struct layout_source *source, const struct layout_link *links,
			       size_t count)
{
	const struct layout *layout = source->layout;
	const struct layout_value *leaf =
		count ? layout_leaf(layout, &layout->states[links[count - 1].state]) : NULL;
	struct stack stack = { .count = count };

	stack.frames = obstack_alloc(&source->session->memory, (count + 1) * sizeof *stack.frames);
	for (size_t i = 0; i < count; i++)
		stack.frames[i] = link_frame(source, &links[i]);
	if (leaf && type_is_named(layout_text(layout, leaf->type)))
		stack.frames[stack.count++] = leaf_frame(source, layout_text(layout, leaf->type));
	return stack;
}

#include "await_chain.h"

#include <string.h>

#include "report/wording/headline.h"
#include "report/model/model.h"

#define MAX_TYPE 160 /* of a type's name in texts: nested combinators have thousands */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

/* A future of the program's own that is written by hand is a link as well; those of libraries are
 * combinators. */
static bool is_link(const struct frame *frame)
{
	return frame->state_machine ||
	       (frame->owner == OWNER_PROGRAM && frame->function &&
		ends_with(frame->function, " as core::future::future::Future>::poll"));
}

/* The frame that the innermost task's turn began in; count where there is none. */
static size_t boundary_of(const struct stack *stack)
{
	size_t i = 0;

	while (i < stack->count && !stack->frames[i].turn_boundary)
		i++;
	return i;
}

static const char *task_of(const struct stack *stack)
{
	for (size_t i = boundary_of(stack); i < stack->count; i++) {
		if (stack->frames[i].task)
			return stack->frames[i].task;
		if (is_link(&stack->frames[i]))
			break;
	}
	return NULL;
}

static struct stack chain_of(struct report *report, const struct stack *stack)
{
	struct stack chain = { 0 };

	for (size_t i = boundary_of(stack); i-- > 0;)
		if (is_link(&stack->frames[i]))
			obstack_grow(&report->memory, &stack->frames[i], sizeof *stack->frames);
	chain.count = obstack_object_size(&report->memory) / sizeof *chain.frames;
	chain.frames = obstack_finish(&report->memory);
	return chain;
}

void await_chain_find(struct report *report, struct finding *finding)
{
	for (size_t i = 0; i < finding->stack_count && !finding->awaits.count; i++) {
		const struct stack *stack = &finding->stacks[i].native;

		finding->awaits = chain_of(report, stack);
		/* Who waits, rather than who holds what it waits for. */
		if (finding->kind == KIND_DEADLOCK && finding->awaits.count)
			finding->task = task_of(stack);
		/* A thread's end, with what one of its tasks had taken, is no task's. */
		if (!finding->task && finding->kind != KIND_CANCELLED_HOLDING)
			finding->task = task_of(stack);
	}
}

/*
 * The name that the source has: what the compiler makes of its async functions, blocks and closures
 * lies within it, as `{{closure}}`, `{async_fn#0}` or `{async_block_env#1}`.
 */
static const char *source_name(struct report *report, const char *name)
{
	size_t length = strlen(name), end = length;

	while (end && name[end - 1] == '}') {
		size_t begin = end;

		while (begin > 3 && strncmp(name + begin - 3, "::{", 3))
			begin--;
		if (begin <= 3 || (!memmem(name + begin, end - begin, "closure", 7) &&
				   !memmem(name + begin, end - begin, "async_", 6)))
			break;
		end = begin - 3;
	}
	return end < length ? strings_keep_part(&report->strings, name, end) : name;
}

static const char *short_type(struct report *report, const char *type)
{
	static const char boxed[] = "core::pin::Pin<alloc::boxed::Box<";

	/* What it is, the chain tells. */
	if (!strncmp(type, boxed, sizeof boxed - 1) && strstr(type, "dyn "))
		return "a boxed future";
	if (strlen(type) <= MAX_TYPE)
		return type;
	return strings_print(&report->strings, "%s...",
			     strings_keep_part(&report->strings, type, MAX_TYPE));
}

static bool has_owner(const struct stack *stack, enum frame_owner owner)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].owner == owner)
			return true;
	return false;
}

static const char *link_text(struct report *report, const struct frame *frame, const char *task,
			     bool told)
{
	struct strings *strings = &report->strings;
	const char *name = frame->function ? source_name(report, frame->function) : "?";
	bool same = task && !strcmp(name, task);

	if (!told || !frame->file)
		return same ? "" : name;
	return strings_print(strings, "%s%sat %s:%d", same ? "" : name, same ? "" : " ",
			     path_name(frame->file), frame->line);
}

const char *await_chain_print(struct report *report, const char *task, const struct stack *awaits)
{
	struct strings *strings = &report->strings;
	enum frame_owner owner = has_owner(awaits, OWNER_PROGRAM)      ? OWNER_PROGRAM
				 : has_owner(awaits, OWNER_DEPENDENCY) ? OWNER_DEPENDENCY
								       : OWNER_SYSTEM;
	const char *text;
	bool folded = false;

	task = task ? source_name(report, task) : NULL;
	text = task ? short_type(report, task) : NULL;
	for (size_t i = 0; i < awaits->count; i++) {
		const struct frame *frame = &awaits->frames[i];
		bool told = frame->owner == owner || owner == OWNER_SYSTEM;
		const char *link =
			told || !folded ? link_text(report, frame, i ? NULL : task, told) : "";

		folded = !told;
		if (*link)
			text = text ? strings_print(strings, "%s%s%s", text,
						    !i && !strncmp(link, "at ", 3) ? " " : " > ",
						    link)
				    : link;
	}
	return text;
}

const char *await_chain_text(struct report *report, const struct finding *finding)
{
	const char *chain = await_chain_print(report, finding->task, &finding->awaits);

	return chain ? strings_print(&report->strings, "task: %s", chain) : NULL;
}

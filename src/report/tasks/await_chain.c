#include "await_chain.h"

#include <string.h>

#include "inspect/session.h"
#include "report/frames/rust_name.h"
#include "report/frames/stack.h"
#include "shared/text.h"

#define MAX_TYPE_TEXT                                                                              \
	160 /* of a type's name in texts: nested combinators have thousands of bytes */

/*
 * The name in the source: the compiler's async functions, blocks and closures lie within it as
 * `{{closure}}`, `{async_fn#0}` or `{async_block_env#1}`.
 */
static const char *source_name(struct session *session, const char *name)
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
	return end < length ? strings_keep_part(&session->strings, name, end) : name;
}

static const char *shown_name(struct session *session, const char *function)
{
	return rust_short_name(&session->strings, source_name(session, function));
}

static const char *short_type(struct session *session, const char *type)
{
	static const char boxed[] = "core::pin::Pin<alloc::boxed::Box<";

	/* The chain shows what it contains. */
	if (!strncmp(type, boxed, sizeof boxed - 1) && strstr(type, "dyn "))
		return "a boxed future";
	type = rust_short_name(&session->strings, type);
	if (strlen(type) <= MAX_TYPE_TEXT)
		return type;
	return strings_print(&session->strings, "%s...",
			     strings_keep_part(&session->strings, type, MAX_TYPE_TEXT));
}

static bool has_owner(const struct stack *stack, enum frame_owner owner)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].owner == owner)
			return true;
	return false;
}

static const char *link_text(struct session *session, const struct frame *frame, const char *task,
			     bool shown)
{
	struct strings *strings = &session->strings;
	const char *name = frame->function ? shown_name(session, frame->function) : "?";
	bool same = task && !strcmp(name, task);

	if (!shown || !frame->file)
		return same ? "" : name;
	return strings_print(strings, "%s%sat %s:%d", same ? "" : name, same ? "" : " ",
			     path_name(frame->file), frame->line);
}

const char *await_chain_print(struct session *session, const char *task, const struct stack *awaits)
{
	struct strings *strings = &session->strings;
	enum frame_owner owner = has_owner(awaits, OWNER_PROGRAM)      ? OWNER_PROGRAM
				 : has_owner(awaits, OWNER_DEPENDENCY) ? OWNER_DEPENDENCY
								       : OWNER_SYSTEM;
	const char *text;
	bool folded = false;

	task = task ? source_name(session, task) : NULL;
	text = task ? short_type(session, task) : NULL;
	for (size_t i = 0; i < awaits->count; i++) {
		const struct frame *frame = &awaits->frames[i];
		bool shown = frame->owner == owner || owner == OWNER_SYSTEM;
		const char *link =
			shown || !folded ? link_text(session, frame, i ? NULL : task, shown) : "";

		folded = !shown;
		if (*link)
			text = text ? strings_print(strings, "%s%s%s", text,
						    !i && !strncmp(link, "at ", 3) ? " " : " > ",
						    link)
				    : link;
	}
	return text;
}

/* For a library's task: the program's own functions, and briefly the functions around them. */
static const char *within_librarys_task(struct session *session, const struct stack *awaits)
{
	struct strings *strings = &session->strings;
	const char *text = NULL;

	for (size_t i = 0; i < awaits->count; i++) {
		const struct frame *frame = &awaits->frames[i];
		const char *link = frame->owner == OWNER_PROGRAM
					   ? link_text(session, frame, NULL, true)
					   : NULL;

		if (link)
			text = text ? strings_print(strings, "%s > %s", text, link) : link;
	}
	return awaits->frames[0].function
		       ? strings_print(strings, "%s, in %s", text,
				       shown_name(session, awaits->frames[0].function))
		       : text;
}

const char *await_chain_text(struct session *session, const char *task, const struct stack *awaits)
{
	const char *chain = awaits->count && awaits->frames[0].owner != OWNER_PROGRAM &&
					    has_owner(awaits, OWNER_PROGRAM)
				    ? within_librarys_task(session, awaits)
				    : await_chain_print(session, task, awaits);

	return chain ? strings_print(&session->strings, "task: %s", chain) : NULL;
}

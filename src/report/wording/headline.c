#include "headline.h"

#include <string.h>

#include "inspect/session.h"
#include "python_name.h"
#include "quantity.h"
#include "report/frames/rust_name.h"
#include "report/frames/source_path.h"
#include "shared/text.h"

static const char *const held_words[] = {
#define EXECUTOR(id, name, family, script, like, held) held,
#include "executors/table.h"
};

const char *headline_executor(struct session *session, const struct finding *finding)
{
	struct strings *strings = &session->strings;

	switch (finding->root) {
	case ROOT_CURRENT_THREAD:
		return "a current_thread tokio runtime";
	case ROOT_MULTI_THREAD:
	case ROOT_UNKNOWN:
		return strings_print(strings, "the future given to %s%s block_on",
				     finding->executor,
				     text_ends(finding->executor, "s") ? "'" : "'s");
	case ROOT_MAIN_SCRIPT:
		return "Node's main script";
	case ROOT_NONE:
		break;
	}
	if (held_words[finding->executor_id])
		return held_words[finding->executor_id];
	switch (finding->family) {
	case FAMILY_EVENT_LOOP:
		return strings_print(strings, "the event loop of %s", finding->executor);
	case FAMILY_ANNOTATED:
		return strings_print(strings, "a turn of %s", finding->executor);
	default:
		return strings_print(strings, "a thread of %s", finding->executor);
	}
}

const char *shown_path(struct session *session, const char *path)
{
	size_t length = strlen(source_path_directory(session));

	if (session->from_top && path && *path)
		return source_path_in_repository(session, path);

	/* Kept strings contain no control characters: a directory with one matches no path, which
	 * stays absolute. */
	if (path && length > 1 && !strncmp(path, session->directory, length) && path[length] == '/')
		return path + length + 1;
	return path;
}

const char *headline_place(struct session *session, const struct finding *finding)
{
	return headline_place_of(session, &finding->stacks[0]);
}

/* If no frame of the program is on the stack: "tornado.web.StaticFileHandler.get_content". */
static const char *library_place(struct session *session, const struct frame *place)
{
	return place->language && !strcmp(place->language, "Python") ? python_name(session, place)
								     : place->function;
}

/* `place`: of a stack. */
static const char *headline_frame(struct session *session, const struct frame *place)
{
	struct strings *strings = &session->strings;
	const char *function;

	if (!place->function)
		return strings_print(strings, "%s+0x%llx", frame_module_name(place),
				     (unsigned long long)place->offset);
	function = place->native		   ? rust_short_name(strings, place->function)
		   : place->owner == OWNER_PROGRAM ? place->function
						   : library_place(session, place);
	if (place->shared)
		function = strings_print(strings, "%s%s", function, frame_doubt(place));
	if (!place->file)
		return function;
	if (!place->line)
		return strings_print(strings, "%s (%s)", function,
				     shown_path(session, place->file));
	return strings_print(strings, "%s (%s:%d)", function, shown_path(session, place->file),
			     place->line);
}

const char *headline_place_of(struct session *session, const struct finding_stack *stack)
{
	const struct frame *place = stack_place(finding_stack_face(stack));
	const struct frame *caller = finding_stack_caller(stack);

	if (!place)
		return NULL;
	return caller ? strings_print(&session->strings, "%s, called from %s",
				      headline_frame(session, place),
				      headline_frame(session, caller))
		      : headline_frame(session, place);
}

const char *headline_times(struct session *session, const struct finding *finding)
{
	char count[QUANTITY_SIZE];

	if (finding->count == 1)
		return "once";
	return strings_print(&session->strings, "%s times", quantity_count(count, finding->count));
}

const char *headline(struct session *session, const struct finding *finding)
{
	const char *place = headline_place(session, finding);

	/* Then only the function that runs the turns, or the task's, is known. */
	if (finding->unseen)
		return strings_print(&session->strings, "%s; where was not seen, %s%s: %s",
				     kind_of(finding->kind)->subject(session, finding),
				     finding->family == FAMILY_EVENT_LOOP ? "the loop is in "
									  : "its turn is of ",
				     place ? place : "code without a name",
				     kind_of(finding->kind)->cost(session, finding));
	return strings_print(&session->strings, "%s%s%s: %s",
			     kind_of(finding->kind)->subject(session, finding), place ? " in " : "",
			     place ? place : "", kind_of(finding->kind)->cost(session, finding));
}

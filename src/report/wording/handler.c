#include "handler.h"

#include <ctype.h>
#include <string.h>

#include "inspect/session.h"
#include "report/frames/source_text.h"
#include "report/model/finding.h"
#include "shared/text.h"

#define COUNT(array) (sizeof array / sizeof *array)
#define FAR	     60 /* lines searched for the route above an unnamed function */
#define LONG_ROUTE   80

static const char *const frameworks[] = {
#define FRAMEWORK(id, package) package,
#include "executors/table.h"
};

static bool is_framework(const struct frame *frame)
{
	if (frame->owner != OWNER_DEPENDENCY || !frame->package)
		return false;
	for (size_t i = 0; i < COUNT(frameworks); i++)
		if (!strcmp(frame->package, frameworks[i]))
			return true;
	return false;
}

/* The program's outermost frame inside the framework's frame nearest to the place; count: none. */
static size_t find_handler(const struct stack *stack)
{
	size_t handler = stack->count;

	for (size_t i = stack->place; i < stack->count && !stack->frames[i].turn_boundary; i++) {
		if (is_framework(&stack->frames[i]))
			return handler;
		if (stack->frames[i].owner == OWNER_PROGRAM)
			handler = i;
	}
	return stack->count;
}

static const char *handler_trimmed(const char *line, size_t *length)
{
	while (*length && isspace((unsigned char)*line)) {
		line++;
		--*length;
	}
	while (*length && isspace((unsigned char)line[*length - 1]))
		--*length;
	return line;
}

/* The decorator above a Python function that contains a path: `@app.get("/user/{id}")`. */
static const char *python_route(struct session *session, const struct frame *handler)
{
	const char *line, *name = strrchr(handler->function, '.');
	bool defined = false;
	size_t length;

	name = name ? name + 1 : handler->function;
	for (int number = handler->line; number > 0; number--) {
		line = source_text_line(session, handler->file, number, &length);
		if (!line)
			return NULL;
		line = handler_trimmed(line, &length);
		if (!defined) {
			defined = length > 4 && memmem(line, length, "def ", 4) &&
				  memmem(line, length, name, strlen(name));
			continue;
		}
		if (!length || *line != '@')
			return NULL;
		if (length <= LONG_ROUTE &&
		    (memmem(line, length, "\"/", 2) || memmem(line, length, "'/", 2)))
			return strings_keep_part(&session->strings, line, length);
	}
	return NULL;
}

/* `GET /user/:id` for a line with `.get('/user/:id'`; NULL otherwise. */
static const char *route_on_line(struct session *session, const char *line, size_t length)
{
	static const char *const methods[] = { "get",	"post", "put",	"delete",
					       "patch", "all",	"head", "options" };

	for (size_t i = 0; i < COUNT(methods); i++) {
		const char *call = strings_print(&session->strings, ".%s(", methods[i]);
		const char *at = memmem(line, length, call, strlen(call)), *path;
		char method[16] = "", *to = method;

		if (!at)
			continue;
		path = at + strlen(call);
		if (path + 2 >= line + length || !strchr("'\"`", *path) || path[1] != '/')
			continue;
		for (const char *from = methods[i]; *from; from++)
			*to++ = (char)toupper((unsigned char)*from);
		for (at = path + 1; at < line + length && *at != *path;)
			at++;
		return strings_print(&session->strings, "%s %.*s", method, (int)(at - path - 1),
				     path + 1);
	}
	return NULL;
}

/* An unnamed function is registered on a line above; a named one anywhere in its file. */
static const char *javascript_route(struct session *session, const struct frame *handler)
{
	bool named = handler->function && *handler->function != '<';
	int number = named ? 1 : handler->line, lines = named ? 10000 : FAR;
	const char *line, *route;
	size_t length;

	for (; lines && number > 0; lines--, number += named ? 1 : -1) {
		line = source_text_line(session, handler->file, number, &length);
		if (!line)
			return NULL;
		route = !named || memmem(line, length, handler->function, strlen(handler->function))
				? route_on_line(session, line, length)
				: NULL;
		if (route)
			return route;
	}
	return NULL;
}

static const char *add_frame(struct session *session, const char *text, const struct frame *frame)
{
	return strings_print(&session->strings, "%s%s%s at %s:%d", text, *text ? " > " : "",
			     frame->function ? frame->function : "?", path_name(frame->file),
			     frame->line);
}

const char *handler_text(struct session *session, const struct finding *finding)
{
	const struct stack *stack = finding_stack(finding);
	const char *route, *text = "";
	size_t handler = find_handler(stack);

	if (stack != &finding->stacks->script || handler == stack->count ||
	    !stack->frames[handler].function || !stack->frames[handler].file)
		return NULL;
	route = finding->language == SCRIPT_PYTHON
			? python_route(session, &stack->frames[handler])
			: javascript_route(session, &stack->frames[handler]);
	for (size_t i = handler + 1; i-- > stack->place;)
		if (stack->frames[i].owner == OWNER_PROGRAM && stack->frames[i].file)
			text = add_frame(session, text, &stack->frames[i]);
	return strings_print(&session->strings, "task: %s%s%s", route ? route : "",
			     route ? " " : "", text);
}

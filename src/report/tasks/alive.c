#include "alive.h"

#include <string.h>

#include "inspect/session.h"

#define MOST_SHOWN 6 /* variables in a text */

/* Whether the type has a path: all types with a destructor have one, or consist of such types. */
static bool is_worth_showing(const struct layout_source *source, const struct layout_value *value)
{
	const char *name = layout_text(source->layout, value->name);
	const char *type = layout_text(source->layout, value->type);

	return !(value->flags &
		 (VALUE_TEMPORARY | VALUE_AWAITED | VALUE_DROP_FLAG | VALUE_DROPPED)) &&
	       *name && !strchr(name, '.') && strncmp(name, "__", 2) != 0 && *type != '&' &&
	       *type != '*' && strstr(type, "::");
}

static bool is_word(const char *text, const char *word, const char *at)
{
	return (at == text || strchr("<( ", at[-1])) && strchr(">, )", at[strlen(word)]);
}

/* The drop glue always skips it: VALUE_DROPPED says nothing about it. */
static bool ends_by_hand(const struct layout_source *source, const struct layout_value *value)
{
	const char *type = layout_text(source->layout, value->type);
	const char *number = strstr(type, "i32");

	return !(value->flags & (VALUE_AWAITED | VALUE_DROP_FLAG)) &&
	       ((number && is_word(type, "i32", number)) || !strncmp(type, "*mut ", 5) ||
		strstr(type, "ManuallyDrop<"));
}

static bool is_among(const struct alive *alive, const struct alive_variable *variable)
{
	for (size_t i = 0; i < alive->count; i++)
		if (!strcmp(alive->variables[i].name, variable->name) &&
		    !strcmp(alive->variables[i].type, variable->type))
			return true;
	return false;
}

struct alive alive_in(const struct layout_source *source, const struct layout_link *links,
		      size_t count)
{
	const struct layout *layout = source->layout;
	struct alive alive = { 0 };
	size_t room = 0;

	for (size_t i = 0; i < count; i++)
		room += layout->states[links[i].state].value_count;
	alive.variables =
		obstack_alloc(&source->session->memory, (room + 1) * sizeof *alive.variables);
	for (size_t i = count; i-- > 0;) {
		const struct layout_state *state = &layout->states[links[i].state];

		for (uint32_t j = 0; j < state->value_count; j++) {
			const struct layout_value *value = &layout->values[state->first_value + j];
			struct alive_variable variable;

			alive.by_hand |= ends_by_hand(source, value);
			if (!is_worth_showing(source, value))
				continue;
			variable.name = layout_source_variable(source, value);
			variable.type = layout_source_type(source, value);
			if (!is_among(&alive, &variable))
				alive.variables[alive.count++] = variable;
		}
	}
	return alive;
}

bool alive_has(const struct alive *alive, const char *type)
{
	for (size_t i = 0; i < alive->count; i++) {
		const char *text = alive->variables[i].type;
		const char *at = strstr(text, type);

		if (at && is_word(text, type, at) && !strstr(text, "Sender<") &&
		    !strstr(text, "Receiver<"))
			return true;
	}
	return false;
}

const char *alive_text(struct session *session, const struct alive *alive)
{
	struct strings *strings = &session->strings;
	const char *text = NULL;

	for (size_t i = 0; i < alive->count && i < MOST_SHOWN; i++)
		text = strings_print(strings, "%s%s, a %s",
				     text ? strings_print(strings, "%s; ", text) : "alive: ",
				     alive->variables[i].name, alive->variables[i].type);
	if (alive->count > MOST_SHOWN)
		text = strings_print(strings, "%s; and %zu more", text, alive->count - MOST_SHOWN);
	return text;
}

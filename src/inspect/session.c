#include "session.h"

#include <string.h>

#include "known_layouts.h"

void session_init(struct session *session, const struct session_options *options)
{
	memset(session, 0, sizeof *session);
	if (options)
		session->options = *options;
	obstack_init(&session->memory);
	strings_init(&session->strings);
	symbols_init(&session->symbols, &session->strings, session->options.debug_root);
}

void session_deinit(struct session *session)
{
	known_layouts_deinit(session);
	symbols_deinit(&session->symbols);
	strings_deinit(&session->strings);
	obstack_free(&session->memory, NULL);
}

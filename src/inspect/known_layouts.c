#include "known_layouts.h"

#include <stdlib.h>
#include <string.h>

#include "address_space.h"
#include "contract/layout.h"
#include "async_layouts/layout_cache.h"
#include "session.h"

struct known_layout {
	struct known_layout *next;
	const char *path, *build_id; /* kept: equal strings have equal pointers */
	bool found;
	struct layout layout;
};

static bool layout_is_of_module(const struct layout *layout, const struct trace_module *module)
{
	const struct layout_header *header = layout->header;

	return header->build_id_size && header->build_id_size == module->build_id_size &&
	       !memcmp(header->build_id, module->build_id, header->build_id_size);
}

bool known_layout_cached(struct layout *layout, const struct trace_module *module)
{
	size_t size;
	void *table = layout_cache_read(module->build_id, module->build_id_size, &size);

	if (table && !layout_read(layout, table, size) && layout_is_of_module(layout, module))
		return true;
	free(table);
	return false;
}

/* The layout that the runtime used is in the cache, even if the file has changed since. */
static bool open_layout(const struct session *session, struct layout *layout,
			const struct loaded_module *module)
{
	char sentence[LAYOUT_SENTENCE_SIZE];

	if (known_layout_cached(layout, module->record))
		return true;
	if (session->options.cached_layouts || layout_open(layout, module->file, NULL, sentence))
		return false;
	if (layout_is_of_module(layout, module->record))
		return true;
	layout_close(layout);
	return false;
}

const struct layout *known_layout_of(struct session *session, const struct loaded_module *module)
{
	struct known_layout *known = session->layouts;

	if (!module->build_id)
		return NULL;
	while (known && (known->path != module->path || known->build_id != module->build_id))
		known = known->next;
	if (!known) {
		known = memory_get(sizeof *known);
		known->path = module->path;
		known->build_id = module->build_id;
		known->found = open_layout(session, &known->layout, module);
		known->next = session->layouts;
		session->layouts = known;
	}
	return known->found ? &known->layout : NULL;
}

bool known_layout_fits(const struct layout *layout, uint32_t version, uint32_t values,
		       const struct trace_await *awaits, uint32_t count, uint32_t room)
{
	if (version != LAYOUT_VERSION || values != layout_count(layout, LAYOUT_VALUES) || !count ||
	    count > room)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (awaits[i].machine >= layout_count(layout, LAYOUT_MACHINES) ||
		    awaits[i].state >= layout_count(layout, LAYOUT_STATES))
			return false;
	return true;
}

void known_layouts_deinit(struct session *session)
{
	struct known_layout *known;

	while ((known = session->layouts)) {
		session->layouts = known->next;
		if (known->found)
			layout_close(&known->layout);
		free(known);
	}
}

#include "known_layouts.h"

#include <stdlib.h>
#include <string.h>

#include "address_space.h"
#include "contract/layout.h"
#include "async_layouts/layout_cache.h"
#include "report/model/model.h"

struct known_layout {
	struct known_layout *next;
	const char *path, *build_id; /* kept: one pointer for equal ones */
	bool found;
	struct layout layout;
};

static bool is_of(const struct layout *layout, const struct trace_module *module)
{
	const struct layout_header *header = layout->header;

	return header->build_id_size && header->build_id_size == module->build_id_size &&
	       !memcmp(header->build_id, module->build_id, header->build_id_size);
}

bool known_layout_cached(struct layout *layout, const struct trace_module *module)
{
	size_t size;
	void *table = layout_cache_read(module->build_id, module->build_id_size, &size);

	if (table && !layout_read(layout, table, size) && is_of(layout, module))
		return true;
	free(table);
	return false;
}

/* What the runtime had is in the cache, whatever has become of the file since. */
static bool open_layout(struct layout *layout, const struct loaded_module *module)
{
	char sentence[LAYOUT_SENTENCE_SIZE];

	if (known_layout_cached(layout, module->record))
		return true;
	if (layout_open(layout, module->path, NULL, sentence))
		return false;
	if (is_of(layout, module->record))
		return true;
	layout_close(layout);
	return false;
}

const struct layout *known_layout_of(struct report *report, const struct loaded_module *module)
{
	struct known_layout *known = report->layouts;

	if (!module->build_id)
		return NULL;
	while (known && (known->path != module->path || known->build_id != module->build_id))
		known = known->next;
	if (!known) {
		known = memory_get(sizeof *known);
		known->path = module->path;
		known->build_id = module->build_id;
		known->found = open_layout(&known->layout, module);
		known->next = report->layouts;
		report->layouts = known;
	}
	return known->found ? &known->layout : NULL;
}

void known_layouts_deinit(struct report *report)
{
	struct known_layout *known;

	while ((known = report->layouts)) {
		report->layouts = known->next;
		if (known->found)
			layout_close(&known->layout);
		free(known);
	}
}

/*
 * The layout of a module's async functions, mapped from the user's cache, where `yieldsan run' and
 * `yieldsan scan' store it.
 */
#ifndef RUNTIME_FUTURES_LAYOUT_MAP_H
#define RUNTIME_FUTURES_LAYOUT_MAP_H

#include "contract/layout.h"

struct module;

struct mapped_layout {
	struct layout table; /* no header: no layout */
	/* By value: how often it was unclear whether it is alive, or VALUE_REFUTED. */
	uint8_t *doubts;
};

#define VALUE_REFUTED UINT8_MAX /* its lock was seen unlocked where it ought to be held */

/* Start-up: finds the layout directory. */
void layout_map_init(void);

/* False if there is no layout: then nothing is reported about what the module's futures hold. */
bool layout_map(struct mapped_layout *layout, const struct module *module);
void layout_unmap(struct mapped_layout *layout);

#endif

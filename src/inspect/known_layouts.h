/* The layouts of the modules that a report is about, each opened once. */
#ifndef REPORT_KNOWN_LAYOUTS_H
#define REPORT_KNOWN_LAYOUTS_H

#include <stdbool.h>

struct layout;
struct loaded_module;
struct report;
struct trace_module;

/* NULL: there is none of the file that the process had loaded. */
const struct layout *known_layout_of(struct report *report, const struct loaded_module *module);

/* What was read of the module before; to be closed. False: nothing, or it cannot be read now. */
bool known_layout_cached(struct layout *layout, const struct trace_module *module);

void known_layouts_deinit(struct report *report);

#endif

/* The layouts of the modules that a report is about, each opened once. */
#ifndef REPORT_KNOWN_LAYOUTS_H
#define REPORT_KNOWN_LAYOUTS_H

struct layout;
struct loaded_module;
struct report;

/* NULL: there is none of the file that the process had loaded. */
const struct layout *known_layout_of(struct report *report, const struct loaded_module *module);

void known_layouts_deinit(struct report *report);

#endif

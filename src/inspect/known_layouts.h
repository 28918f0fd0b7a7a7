/* The layouts of the modules that a report is about, each opened once. */
#ifndef REPORT_KNOWN_LAYOUTS_H
#define REPORT_KNOWN_LAYOUTS_H

#include <stdbool.h>
#include <stdint.h>

struct layout;
struct loaded_module;
struct session;
struct trace_await;
struct trace_module;

/* NULL: there is none of the file that the process had loaded. */
const struct layout *known_layout_of(struct session *session, const struct loaded_module *module);

/* What was read of the module before; to be closed. False: nothing, or it cannot be read now. */
bool known_layout_cached(struct layout *layout, const struct trace_module *module);

/* Whether these awaits of a trace are of this layout: the trace may be foreign, and the layout
 * another than the runtime had. `values`: how many its layout had; `room`: for how many awaits the
 * record has room. */
bool known_layout_fits(const struct layout *layout, uint32_t version, uint32_t values,
		       const struct trace_await *awaits, uint32_t count, uint32_t room);

void known_layouts_deinit(struct session *session);

#endif

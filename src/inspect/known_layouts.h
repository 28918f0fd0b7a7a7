/* The layouts of a report's modules, each opened once. */
#ifndef REPORT_KNOWN_LAYOUTS_H
#define REPORT_KNOWN_LAYOUTS_H

#include <stdbool.h>
#include <stdint.h>

struct layout;
struct loaded_module;
struct session;
struct trace_await;
struct trace_module;

/* NULL: no layout of the file that the process loaded. */
const struct layout *known_layout_of(struct session *session, const struct loaded_module *module);

/* The cached layout of the module; the caller closes it. False: none, or it cannot be read now. */
bool known_layout_cached(struct layout *layout, const struct trace_module *module);

/* Whether these awaits of a trace belong to this layout: the trace may be foreign, and the runtime
 * may have used another layout. `values`: the number of values in its layout; `room`: the number of
 * awaits for which the record has room. */
bool known_layout_fits(const struct layout *layout, uint32_t version, uint32_t values,
		       const struct trace_await *awaits, uint32_t count, uint32_t room);

void known_layouts_deinit(struct session *session);

#endif

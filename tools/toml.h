/* TOML as JSON. */
#ifndef TOOLS_TOML_H
#define TOOLS_TOML_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The caller frees the text. NULL: it is not TOML, and the line and reason are in `error`, which
 * the caller frees. */
char *toml_to_json(const char *text, size_t size, char **error);

#ifdef __cplusplus
}
#endif

#endif

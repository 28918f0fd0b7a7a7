/* The public interface of this room: from a loaded object and an address in it to functions, files
 * and lines. */
#ifndef DEBUG_INFO_SYMBOLS_H
#define DEBUG_INFO_SYMBOLS_H

#include "binary.h"
#include "support/strings.h"

struct symbols {
	struct strings *strings; /* stores names and paths */
	const char *root;
	struct binary *binaries;
};

/* `root`: where separate debug files lie; NULL for the system's place, /usr/lib/debug. */
void symbols_init(struct symbols *symbols, struct strings *strings, const char *root);
void symbols_deinit(struct symbols *symbols);

/* The binary of that path and build-id, the same object each time. key->path must be
 * a kept string. */
struct binary *symbols_binary(struct symbols *symbols, const struct binary_key *key);

#endif

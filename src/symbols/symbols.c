#include "symbols.h"

#include <string.h>

#include "debug_file.h"

void symbols_init(struct symbols *symbols, struct strings *strings, const char *root)
{
	symbols->strings = strings;
	symbols->root = root ? root : DEBUG_FILE_ROOT;
	symbols->binaries = NULL;
}

void symbols_deinit(struct symbols *symbols)
{
	struct binary *binary, *next;

	HASH_ITER (hh, symbols->binaries, binary, next) {
		HASH_DEL(symbols->binaries, binary);
		binary_deinit(binary);
		free(binary);
	}
}

struct binary *symbols_binary(struct symbols *symbols, const struct binary_key *key)
{
	struct binary_key exact;
	struct binary *binary;

	memset(&exact, 0, sizeof exact); /* the padding is hashed too */
	exact.path = key->path;
	exact.build_id_size = key->build_id_size;
	memcpy(exact.build_id, key->build_id, key->build_id_size);
	HASH_FIND(hh, symbols->binaries, &exact, sizeof exact, binary);
	if (binary)
		return binary;
	binary = memory_get(sizeof *binary);
	binary_init(binary, &exact, symbols->strings, symbols->root);
	HASH_ADD(hh, symbols->binaries, key, sizeof binary->key, binary);
	return binary;
}

/*
 * The command under the name cargo-yieldsan, which cargo finds as `cargo yieldsan': `cargo yieldsan
 * test ARGS' is `yieldsan ci -- cargo test ARGS'. Options before the sub-command are those of `ci'.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "support/memory.h"

static void cargo_print_help(FILE *out)
{
	fputs("usage: cargo yieldsan [OPTION=VALUE...] test|nextest|bench|run [ARG...]\n\n"
	      "Runs the cargo command with its programs watched, and makes one report.\n"
	      "The options before it are those of `yieldsan ci': see `yieldsan help ci'.\n\n"
	      "  cargo yieldsan test\n"
	      "  cargo yieldsan --format=github nextest run --workspace\n"
	      "  cargo yieldsan run --release -- --port 8080\n",
	      out);
}

static bool is_cargo_command(const char *word)
{
	static const char *const words[] = { "test", "t", "nextest", "bench", "run", "r" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

int command_cargo(int argc, char **argv)
{
	/* Cargo gives its own name for us as the first argument. */
	int at = argc > 1 && !strcmp(argv[1], "yieldsan") ? 2 : 1, count = 0, status;
	const char *cargo = getenv("CARGO");
	char **words = memory_get((size_t)(argc + 8) * sizeof *words);

	words[count++] = "ci";
	while (at < argc && *argv[at] == '-' && strcmp(argv[at], "--") != 0 &&
	       strcmp(argv[at], "--help") != 0 && strcmp(argv[at], "-h") != 0)
		words[count++] = argv[at++];
	if (at >= argc || !is_cargo_command(argv[at])) {
		bool asked = at < argc && (!strcmp(argv[at], "--help") || !strcmp(argv[at], "-h"));

		if (at < argc && !asked)
			fprintf(stderr, "yieldsan: cargo yieldsan does not know `%s'\n", argv[at]);
		cargo_print_help(asked ? stdout : stderr);
		free(words);
		return asked ? 0 : STATUS_WRONG_USE;
	}
	/* A program that is run is no test: it need not show a turn. */
	if (*argv[at] == 'r')
		words[count++] = "--no-require-executor";
	words[count++] = "--";
	words[count++] = (char *)(cargo && *cargo ? cargo : "cargo");
	while (at < argc)
		words[count++] = argv[at++];
	words[count] = NULL;
	status = command_ci(count, words);
	free(words);
	return status;
}

/*
 * What the fuzz targets share. Each target is one file that defines LLVMFuzzerTestOneInput: linked
 * with libFuzzer by `make fuzz', and with files_main.c, which only reads files, for `make check'.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);
/* libFuzzer's own mutations; absent where the inputs are only read. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);

/* A path in the directory that FUZZ_DIRECTORY names: each process has its own. */
static inline const char *fuzz_path(char path[PATH_MAX], const char *name)
{
	const char *directory = getenv("FUZZ_DIRECTORY");

	if (!directory) {
		fprintf(stderr, "FUZZ_DIRECTORY is not set\n");
		exit(2);
	}
	snprintf(path, PATH_MAX, "%s/%s", directory, name);
	return path;
}

static inline void fuzz_write(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(2);
	}
}

/* The bytes of a file, which the caller frees. */
static inline void *fuzz_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *bytes;

	if (!file || fseek(file, 0, SEEK_END)) {
		perror(path);
		exit(2);
	}
	*size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*size + 1);
	if (!bytes || fread(bytes, 1, *size, file) != *size)
		exit(2);
	bytes[*size] = '\0';
	fclose(file);
	return bytes;
}

/* Chosen by all bytes of the input, so that an input always takes the same way. */
static inline uint32_t fuzz_hash(const uint8_t *bytes, size_t size)
{
	uint32_t hash = 2166136261;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 16777619;
	return hash;
}

/* Where reports and messages go. */
static inline FILE *fuzz_sink(void)
{
	static FILE *sink;

	if (!sink)
		sink = fopen("/dev/null", "w");
	return sink;
}

/* No other files than the input's: neither the system's debug files nor the user's cache. */
static inline struct report_options fuzz_report_options(const char *format)
{
	struct report_options options = REPORT_OPTIONS_DEFAULT;

	options.format = format;
	options.show = SEVERITY_NOTICE;
	options.errors = fuzz_sink();
	options.colour = REPORT_COLOUR_ALWAYS;
	options.why = true;
	options.session.debug_root = "/proc/self/nonexistent";
	return options;
}

#endif

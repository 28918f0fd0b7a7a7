/*
 * The runtime's options: `key=value:key=value` in YIELDSAN_OPTIONS. Linked into the runtime and the
 * tools: no allocation, no I/O, no locale.
 */
#ifndef SHARED_OPTIONS_H
#define SHARED_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_VARIABLE     "YIELDSAN_OPTIONS"
#define OPTION_PATH_SIZE     4096
#define OPTION_PATTERNS_SIZE 1024
#define OPTION_SKIP_SIZE     2048
#define OPTION_RUN_SIZE	     48

/* One member for each line of options.def. */
struct options {
#define OPTION_BOOL(name, initial, help)		     bool name;
#define OPTION_UNSIGNED(name, initial, min, max, unit, help) uint64_t name;
#define OPTION_STRING(name, size, help)			     char name[size];
#define OPTION_CHOICE(name, words, help)		     uint8_t name; /* index of its word */
#include "contract/options.def"
#undef OPTION_BOOL
#undef OPTION_UNSIGNED
#undef OPTION_STRING
#undef OPTION_CHOICE
};

/* The choices of halt and of on_finding, in the order of their words. */
enum { HALT_NEVER, HALT_ERROR, HALT_WARNING };
enum { ON_FINDING_NOTHING, ON_FINDING_STOP };

enum option_type { OPTION_IS_BOOL, OPTION_IS_UNSIGNED, OPTION_IS_STRING, OPTION_IS_CHOICE };

/* The length of word number `index` of a choice, and where it begins; 0: there are fewer. */
size_t option_word(const char *words, unsigned index, const char **word);

/* A line of options.def, for listings. */
struct option_info {
	const char *name;
	enum option_type type;
	size_t offset; /* in struct options */
	size_t size;   /* of a string, with its NUL */
	uint64_t initial, min, max;
	const char *unit; /* of an unsigned; the words of a choice; otherwise NULL */
	const char *help;
};

extern const struct option_info option_infos[];
extern const size_t option_count;

enum option_fault {
	OPTION_GOOD = 0,
	OPTION_UNKNOWN,	      /* no option has this name */
	OPTION_WITHOUT_VALUE, /* no `=' */
	OPTION_NOT_A_BOOL,
	OPTION_NOT_A_NUMBER,
	OPTION_NOT_A_WORD,
	OPTION_OUT_OF_RANGE,
	OPTION_TOO_LONG,
};

/* The error in an entry. */
struct option_error {
	enum option_fault fault;
	const char *entry;		/* its start, in the parsed text */
	size_t length;			/* up to its colon or the end of the text */
	size_t name_length;		/* of entry, up to its `=' */
	const struct option_info *info; /* NULL when unknown */
};

void options_init(struct options *options);

/*
 * Sets defaults, then every valid entry of `text`, which may be NULL; the later of two for one
 * option wins. An invalid entry changes nothing: the first one is returned, otherwise OPTION_GOOD.
 * In a value `\:` is a colon and `\\` a backslash. Bools: 0 1 no yes off on false true. A number of
 * bytes may end in K, M or G.
 */
struct option_error options_parse(struct options *options, const char *text);

/* Sets one entry, `name=value` without escapes, and keeps the other options. */
struct option_error options_set(struct options *options, const char *entry);

/*
 * Whether the whole of `text` matches one of the comma-separated patterns, in which `*` stands for
 * any characters. An empty list matches nothing.
 */
bool option_pattern_matches(const char *patterns, const char *text);

#endif

#include "options.h"

#include <string.h>

#include "pattern.h"

const struct option_info option_infos[] = {
#define OPTION_BOOL(option, value, text)                                                           \
	{                                                                                          \
		.name = #option,                                                                   \
		.type = OPTION_IS_BOOL,                                                            \
		.offset = offsetof(struct options, option),                                        \
		.initial = (value),                                                                \
		.max = 1,                                                                          \
		.help = (text),                                                                    \
	},
#define OPTION_UNSIGNED(option, value, least, most, of, text)                                      \
	{                                                                                          \
		.name = #option,                                                                   \
		.type = OPTION_IS_UNSIGNED,                                                        \
		.offset = offsetof(struct options, option),                                        \
		.initial = (value),                                                                \
		.min = (least),                                                                    \
		.max = (most),                                                                     \
		.unit = (of),                                                                      \
		.help = (text),                                                                    \
	},
#define OPTION_STRING(option, bytes, text)                                                         \
	{                                                                                          \
		.name = #option,                                                                   \
		.type = OPTION_IS_STRING,                                                          \
		.offset = offsetof(struct options, option),                                        \
		.size = (bytes),                                                                   \
		.help = (text),                                                                    \
	},
#define OPTION_CHOICE(option, words, text)                                                         \
	{                                                                                          \
		.name = #option,                                                                   \
		.type = OPTION_IS_CHOICE,                                                          \
		.offset = offsetof(struct options, option),                                        \
		.unit = (words),                                                                   \
		.help = (text),                                                                    \
	},
#include "contract/options.def"
};

const size_t option_count = sizeof option_infos / sizeof *option_infos;

static void option_store(struct options *options, const struct option_info *info, uint64_t number)
{
	char *member = (char *)options + info->offset;

	if (info->type == OPTION_IS_BOOL)
		*(bool *)member = number;
	else if (info->type == OPTION_IS_UNSIGNED)
		*(uint64_t *)member = number;
	else if (info->type == OPTION_IS_CHOICE)
		*(uint8_t *)member = (uint8_t)number;
	else
		*member = '\0';
}

void options_init(struct options *options)
{
	for (size_t i = 0; i < option_count; i++)
		option_store(options, &option_infos[i], option_infos[i].initial);
}

static const struct option_info *option_find(const char *name, size_t length)
{
	for (size_t i = 0; i < option_count; i++)
		if (strlen(option_infos[i].name) == length &&
		    !memcmp(option_infos[i].name, name, length))
			return &option_infos[i];
	return NULL;
}

static enum option_fault read_bool(const char *value, size_t length, uint64_t *number)
{
	static const char *const words[] = { "0", "1", "no", "yes", "off", "on", "false", "true" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strlen(words[i]) == length && !memcmp(words[i], value, length)) {
			*number = i & 1;
			return OPTION_GOOD;
		}
	}
	return OPTION_NOT_A_BOOL;
}

static unsigned unit_shift(const struct option_info *info, char letter)
{
	if (strcmp(info->unit, "bytes"))
		return 0;
	return letter == 'K' ? 10 : letter == 'M' ? 20 : letter == 'G' ? 30 : 0;
}

static enum option_fault read_unsigned(const struct option_info *info, const char *value,
				       size_t length, uint64_t *number)
{
	unsigned shift = length ? unit_shift(info, value[length - 1]) : 0;
	uint64_t result = 0;

	length -= shift != 0;
	if (!length)
		return OPTION_NOT_A_NUMBER;
	for (size_t i = 0; i < length; i++) {
		if (value[i] < '0' || value[i] > '9')
			return OPTION_NOT_A_NUMBER;
		/* No maximum is close to it: further digits can only be out of range too. */
		if (result < UINT64_MAX / 16)
			result = result * 10 + (uint64_t)(value[i] - '0');
	}
	if (result > info->max >> shift || result << shift < info->min)
		return OPTION_OUT_OF_RANGE;
	*number = result << shift;
	return OPTION_GOOD;
}

size_t option_word(const char *words, unsigned index, const char **word)
{
	while (index-- && *words) {
		words += strcspn(words, ",");
		words += *words == ',';
	}
	*word = words;
	return strcspn(words, ",");
}

static enum option_fault option_read_word(const struct option_info *info, const char *value,
					  size_t length, uint64_t *number)
{
	const char *word;
	size_t size;

	for (unsigned i = 0; (size = option_word(info->unit, i, &word)); i++)
		if (size == length && !memcmp(word, value, length)) {
			*number = i;
			return OPTION_GOOD;
		}
	return OPTION_NOT_A_WORD;
}

static enum option_fault read_string(char *member, size_t size, const char *value, size_t length,
				     bool escapes)
{
	size_t used = 0;

	/* Two passes: if the value does not fit, the former one must stay unchanged. */
	for (int writes = 0; writes < 2; writes++) {
		used = 0;
		for (size_t i = 0; i < length; i++) {
			if (escapes && value[i] == '\\' && i + 1 < length &&
			    (value[i + 1] == ':' || value[i + 1] == '\\'))
				i++;
			if (writes)
				member[used] = value[i];
			used++;
		}
		if (used >= size)
			return OPTION_TOO_LONG;
	}
	member[used] = '\0';
	return OPTION_GOOD;
}

static struct option_error option_set(struct options *options, const char *entry, size_t length,
				      bool escapes)
{
	const char *equals = memchr(entry, '=', length);
	size_t name_length = equals ? (size_t)(equals - entry) : length;
	struct option_error error = { .entry = entry,
				      .length = length,
				      .name_length = name_length,
				      .info = option_find(entry, name_length) };
	const struct option_info *info = error.info;
	const char *value = entry + name_length + 1;
	size_t value_length = length - name_length - 1;
	uint64_t number = 0;

	if (!equals)
		error.fault = OPTION_WITHOUT_VALUE;
	else if (!info)
		error.fault = OPTION_UNKNOWN;
	else if (info->type == OPTION_IS_STRING)
		error.fault = read_string((char *)options + info->offset, info->size, value,
					  value_length, escapes);
	else if (info->type == OPTION_IS_BOOL)
		error.fault = read_bool(value, value_length, &number);
	else if (info->type == OPTION_IS_CHOICE)
		error.fault = option_read_word(info, value, value_length, &number);
	else
		error.fault = read_unsigned(info, value, value_length, &number);
	if (!error.fault && info->type != OPTION_IS_STRING)
		option_store(options, info, number);
	return error;
}

struct option_error options_set(struct options *options, const char *entry)
{
	return option_set(options, entry, strlen(entry), false);
}

static size_t entry_length(const char *entry)
{
	size_t length = 0;

	while (entry[length] && entry[length] != ':') {
		if (entry[length] == '\\' && entry[length + 1])
			length++;
		length++;
	}
	return length;
}

struct option_error options_parse(struct options *options, const char *text)
{
	struct option_error first = { .fault = OPTION_GOOD };
	struct option_error error;
	size_t length;

	options_init(options);
	while (text && *text) {
		length = entry_length(text);
		if (length) {
			error = option_set(options, text, length, true);
			if (error.fault && !first.fault)
				first = error;
		}
		text += length + (text[length] == ':');
	}
	return first;
}

bool option_pattern_matches(const char *patterns, const char *text)
{
	while (*patterns) {
		size_t length = strcspn(patterns, ",");

		if (length && pattern_matches(patterns, length, text))
			return true;
		patterns += length + (patterns[length] == ',');
	}
	return false;
}

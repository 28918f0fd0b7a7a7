#include "options_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

static char *write_escaped(char *to, const char *value)
{
	for (; *value; value++) {
		if (*value == ':' || *value == '\\')
			*to++ = '\\';
		*to++ = *value;
	}
	*to = '\0';
	return to;
}

static char *write_word(char *to, const char *words, unsigned index)
{
	const char *word;
	size_t length = option_word(words, index, &word);

	memcpy(to, word, length);
	to[length] = '\0';
	return to + length;
}

static char *write_option(char *to, const struct option_info *info, const void *member)
{
	uint64_t number = info->type == OPTION_IS_BOOL	     ? *(const bool *)member
			  : info->type == OPTION_IS_UNSIGNED ? *(const uint64_t *)member
			  : info->type == OPTION_IS_CHOICE   ? *(const uint8_t *)member
							     : 0;

	if (info->type == OPTION_IS_STRING ? !*(const char *)member : number == info->initial)
		return to;
	to += sprintf(to, "%s=", info->name);
	if (info->type == OPTION_IS_STRING)
		to = write_escaped(to, member);
	else if (info->type == OPTION_IS_CHOICE)
		to = write_word(to, info->unit, (unsigned)number);
	else
		to += sprintf(to, "%" PRIu64, number);
	*to++ = ':';
	return to;
}

void options_write(const struct options *options, char text[OPTIONS_TEXT_SIZE])
{
	char *to = text;

	for (size_t i = 0; i < option_count; i++)
		to = write_option(to, &option_infos[i],
				  (const char *)options + option_infos[i].offset);
	to[to > text ? -1 : 0] = '\0';
}

static void print_unknown(const struct option_error *error, const char *source)
{
	struct nearest nearest;

	nearest_init(&nearest, error->entry, error->name_length);
	for (size_t i = 0; i < option_count; i++)
		nearest_offer(&nearest, option_infos[i].name);
	fprintf(stderr, "yieldsan: %s: the runtime has no option `%.*s'; ", source,
		(int)error->name_length, error->entry);
	if (nearest.name)
		fprintf(stderr, "did you mean `%s'?\n", nearest.name);
	else
		fprintf(stderr, "`yieldsan help options' lists them\n");
}

void option_error_print(const struct option_error *error, const char *source)
{
	const struct option_info *info = error->info;

	if (error->fault == OPTION_UNKNOWN || !info) {
		print_unknown(error, source);
		return;
	}
	fprintf(stderr, "yieldsan: %s: %.*s: ", source, (int)error->length, error->entry);
	switch (error->fault) {
	case OPTION_WITHOUT_VALUE:
		fprintf(stderr, "a value is missing; write %s=VALUE\n", info->name);
		break;
	case OPTION_NOT_A_BOOL:
		fprintf(stderr, "the value must be 0 or 1\n");
		break;
	case OPTION_NOT_A_WORD:
		fprintf(stderr, "the value must be one of %s\n", info->unit);
		break;
	case OPTION_TOO_LONG:
		fprintf(stderr, "the value must be shorter than %zu characters\n", info->size);
		break;
	default:
		fprintf(stderr,
			"the value must be a number of %s from %" PRIu64 " to %" PRIu64 "\n",
			info->unit, info->min, info->max);
		break;
	}
}

bool options_environment_is_right(void)
{
	static struct options options;
	struct option_error error = options_parse(&options, getenv(OPTIONS_VARIABLE));

	if (error.fault)
		option_error_print(&error, OPTIONS_VARIABLE);
	return !error.fault;
}

/* The runtime's options, as a text of YIELDSAN_OPTIONS, as entries, and as patterns. */
#include "fuzz.h"
#include "shared/options.h"
#include "tools/options_text.h"

/* What is written is read back as the same. */
static void write_and_read(const struct options *options)
{
	static char text[OPTIONS_TEXT_SIZE];
	static struct options again;

	options_write(options, text);
	if (options_parse(&again, text).fault)
		abort();
	for (size_t i = 0; i < option_count; i++) {
		const struct option_info *info = &option_infos[i];
		const char *one = (const char *)options + info->offset;
		const char *other = (const char *)&again + info->offset;

		if (info->type == OPTION_IS_STRING     ? strcmp(one, other) != 0
		    : info->type == OPTION_IS_UNSIGNED ? memcmp(one, other, sizeof(uint64_t)) != 0
						       : *one != *other)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct options options;
	char *text = malloc(size + 1), *half;

	memcpy(text, bytes, size);
	text[size] = '\0';
	options_parse(&options, text);
	write_and_read(&options);
	options_set(&options, text);
	write_and_read(&options);
	half = strchr(text, '\n');
	if (half) {
		*half = '\0';
		option_pattern_matches(text, half + 1);
	}
	free(text);
	return 0;
}

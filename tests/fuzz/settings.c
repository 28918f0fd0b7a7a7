/* A project's settings: the same bytes as yieldsan.toml and as pyproject.toml. */
#include "fuzz.h"
#include "tools/project_config.h"

/* They live until the end of the command. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static void read_as(const char *name, const uint8_t *bytes, size_t size)
{
	struct project_config config;
	char path[PATH_MAX];

	fuzz_write(fuzz_path(path, name), bytes, size);
	project_config_read(&config, path);
	for (size_t i = 0; i < config.option_count; i++)
		project_config_is_overridden(config.options[i], "log=x\\::sample_us=2");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	read_as("yieldsan.toml", bytes, size);
	read_as("pyproject.toml", bytes, size);
	return 0;
}

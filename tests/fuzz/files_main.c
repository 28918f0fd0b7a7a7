/* Gives each of the named files, and all that lie in the named directories, to a fuzz target once.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static void run_file(const char *path)
{
	size_t size;
	uint8_t *bytes = fuzz_read(path, &size);

	/* Read by who looks for the input that failed. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

static void run_path(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	char below[PATH_MAX];

	if (!directory) {
		run_file(path);
		return;
	}
	while ((entry = readdir(directory)))
		if (*entry->d_name != '.') {
			snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
			run_file(below);
		}
	closedir(directory);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	return 0;
}

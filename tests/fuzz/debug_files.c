/*
 * A separate debug file, found by the .gnu_debuglink of a program without a build-id. The link's
 * check sum is mended for each input, as it would refuse nearly all of them.
 */
#include "fuzz.h"
#include "names.h"

#define LINKED                                                                                     \
	"linked.debug" /* in the program's .gnu_debuglink; its sum follows, aligned to 4 bytes */

static uint32_t link_sum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = ~0U;

	for (size_t i = 0; i < size; i++) {
		sum ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return ~sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t *program, *link;
	static size_t program_size;
	uint32_t sum = link_sum(bytes, size);
	char path[PATH_MAX];

	if (!program) {
		snprintf(path, sizeof path, "%s/linked", getenv("FUZZ_PROGRAMS"));
		program = fuzz_read(path, &program_size);
		link = memmem(program, program_size, LINKED, sizeof LINKED);
		if (!link)
			abort();
		link += (sizeof LINKED + 3) & ~(size_t)3;
	}
	memcpy(link, &sum, sizeof sum);
	fuzz_write(fuzz_path(path, LINKED), bytes, size);
	fuzz_write(fuzz_path(path, "linked"), program, program_size);
	names_in(path, "/proc/self/nonexistent");
	return 0;
}

/* A trace, in the text report with its tasks and in one further format. */
#include "fuzz.h"

#define NO_PROCESS                                                                                 \
	0x3ffffff0 /* beyond the largest pid: no process of this machine is looked at              \
		    */

static const char *const formats[] = { "json", "ndjson", "sarif",    "junit", "github",
				       "html", "pprof",	 "perfetto", "folded" };

static void report_on(char *path, const char *format)
{
	struct report_options options = fuzz_report_options(format);
	struct report_summary summary;

	options.tasks = !format;
	report_make(&options, &path, 1, fuzz_sink(), &summary);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char path[PATH_MAX];
	struct trace_header *header;
	uint8_t *trace = malloc(size + 1);

	memcpy(trace, bytes, size);
	if (size >= sizeof *header) {
		header = (struct trace_header *)(void *)trace;
		header->pid = NO_PROCESS;
	}
	fuzz_write(fuzz_path(path, "input" TRACE_SUFFIX), trace, size);
	free(trace);
	report_on(path, NULL);
	report_on(path, formats[fuzz_hash(bytes, size) % (sizeof formats / sizeof *formats)]);
	return 0;
}

/* The record that begins at or before a place; 0: the header. */
static size_t record_before(const uint8_t *bytes, size_t size, size_t place)
{
	struct trace_record record;
	size_t at = sizeof(struct trace_header), last = 0;

	while (at + sizeof record <= size && at <= place) {
		memcpy(&record, bytes + at, sizeof record);
		last = at;
		if (record.size < sizeof record || record.size > size - at)
			break;
		at += (record.size + TRACE_ALIGN - 1) & ~(size_t)(TRACE_ALIGN - 1);
	}
	return last;
}

/* Numbers that are sizes, counts, types, offsets, and the bounds of all of these. */
static uint32_t likely_number(const uint8_t *bytes, size_t size, unsigned random)
{
	static const uint32_t bounds[] = {
		0,	   1,	       0x7f,	   0xff,       0xffff,
		INT32_MAX, 0x80000000, UINT32_MAX, 0xfffffff8, TRACE_MAX_FRAMES
	};

	switch (random % 4) {
	case 0:
		return bounds[random / 4 % (sizeof bounds / sizeof *bounds)];
	case 1:
		return random / 4 % 64;
	case 2:
		return (uint32_t)(random / 4 % (size + 64));
	default:
		return (uint32_t)record_before(bytes, size, random / 4 % size);
	}
}

/* Copies one record behind the last one. */
static size_t append_record(uint8_t *bytes, size_t size, size_t most, size_t at)
{
	struct trace_record record;
	struct trace_header header;

	memcpy(&record, bytes + at, sizeof record);
	if (!at || record.size < sizeof record || record.size > size - at ||
	    size + record.size > most)
		return size;
	memcpy(&header, bytes, sizeof header);
	memcpy(bytes + size, bytes + at, record.size);
	size += record.size;
	header.used = header.file_size = size;
	memcpy(bytes, &header, sizeof header);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed)
{
	unsigned random = seed * 2654435761U >> 7;
	uint32_t number;
	size_t at;

	if (size < sizeof(struct trace_header) + sizeof(struct trace_record) || seed % 4 == 0)
		return LLVMFuzzerMutate(bytes, size, most);
	if (seed % 16 == 1)
		return append_record(bytes, size, most, record_before(bytes, size, random % size));
	/* One to four words. */
	for (unsigned i = 0; i <= seed % 4; i++) {
		random = random * 1103515245 + 12345;
		at = (random >> 3) % (size / 4) * 4;
		number = likely_number(bytes, size, random ^ seed);
		memcpy(bytes + at, &number, random & 4 && at % 8 == 0 ? 4 : 1 + random % 4);
	}
	return size;
}

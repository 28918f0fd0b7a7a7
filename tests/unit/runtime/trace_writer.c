/* The trace as it is written: its file, its records, and what takes its place. */
#include "calls_seen.h"

#include <sys/resource.h>
#include <sys/wait.h>

static void there_is_no_file_before_the_first_record(void **state)
{
	(void)state;
	assert_null(trace_header());
	assert_string_equal(trace_path(), "");
	assert_null(trace_allocate(8));
	assert_true(trace_open());
	assert_non_null(trace_header());
	assert_int_equal(access(trace_path(), F_OK), 0);
}

static void the_path_tells_program_process_and_start(void **state)
{
	char start[64];
	unsigned long long time;
	int end = 0;

	(void)state;
	snprintf(start, sizeof start, "%s/trace_writer.%d.", seen_directory, getpid());
	assert_memory_equal(trace_path(), start, strlen(start));
	assert_int_equal(sscanf(trace_path() + strlen(start), "%llu.yieldsan%n", &time, &end), 1);
	assert_int_equal(strlen(trace_path()), strlen(start) + (size_t)end);
	assert_int_not_equal(end, 0);
}

static void the_file_is_the_owners_alone_and_has_its_space(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat(trace_path(), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(status.st_size, trace_header()->file_size);
	assert_true((uint64_t)status.st_blocks * 512 >= trace_header()->used);
	assert_true((uint64_t)status.st_blocks * 512 <= 256 << 10);
}

/* A store into what was handed out never meets a hole. */
static void it_takes_space_as_it_grows(void **state)
{
	struct trace_header *header = trace_header();
	uint64_t used = header->used;
	unsigned char resident[64];
	struct stat status;

	(void)state;
	for (int i = 0; i < 40; i++) {
		char *record = trace_allocate(8000), *page = (char *)((uintptr_t)record & -4096);

		assert_non_null(record);
		assert_int_equal(mincore(page, 12288, resident), 0);
		assert_int_equal(resident[0] & resident[1] & 1, 1);
	}
	assert_int_equal(stat(trace_path(), &status), 0);
	assert_true((uint64_t)status.st_blocks * 512 >= header->used);
	assert_true((uint64_t)status.st_blocks * 512 < 512 << 10);
	memset((char *)header + used, 0, header->used - used);
	header->used = used;
}

static void the_header_says_what_process_this_is(void **state)
{
	const struct trace_header *header = trace_header();

	(void)state;
	assert_memory_equal(header->magic, TRACE_MAGIC, 8);
	assert_int_equal(header->version, TRACE_VERSION);
	assert_int_equal(header->pid, getpid());
	assert_int_equal(header->parent_pid, getppid());
	assert_int_equal(((struct trace_record *)trace_at(header->process))->type, RECORD_PROCESS);
}

static void records_are_aligned_and_published_last(void **state)
{
	struct trace_record *first = trace_allocate(9), *second = trace_allocate(sizeof *second);

	(void)state;
	assert_int_equal(first->size, 16);
	assert_int_equal(first->type, RECORD_UNFINISHED);
	assert_int_equal(trace_offset(first) % TRACE_ALIGN, 0);
	assert_int_equal(trace_offset(second), trace_offset(first) + 16);
	assert_ptr_equal(trace_at(trace_offset(second)), second);
	assert_int_equal(((char *)first)[8], 0);
	trace_publish(first, RECORD_STACK);
	assert_int_equal(first->type, RECORD_STACK);
	assert_int_equal(second->type, RECORD_UNFINISHED);
}

/* From the header to the last byte in use, as a reader goes. */
static void records_lie_one_behind_the_other_in_the_file(void **state)
{
	const struct trace_header *header = trace_header();
	uint64_t at = header->header_size;
	struct trace_record record;
	int fd = open(trace_path(), O_RDONLY);

	(void)state;
	while (at < header->used) {
		assert_int_equal(pread(fd, &record, sizeof record, (off_t)at), sizeof record);
		assert_true(record.size >= sizeof record && record.size % TRACE_ALIGN == 0);
		at += record.size;
	}
	assert_int_equal(at, header->used);
	close(fd);
}

static void a_full_trace_gives_nothing_away(void **state)
{
	struct trace_header *header = trace_header();
	uint64_t used = header->used;

	(void)state;
	assert_null(trace_allocate(header->file_size));
	assert_int_equal(header->used, used);
	header->used = header->file_size - 16;
	assert_non_null(trace_allocate(16));
	assert_null(trace_allocate(8));
	header->used = used;
}

/* In a child of its own; its verdict is the exit status. */
static int status_of(bool (*check)(void))
{
	pid_t child = fork();
	int status = -1;

	if (!child)
		_exit(check() ? 0 : 1);
	waitpid(child, &status, 0);
	return status;
}

static char parents[256];

static bool child_writes_its_own_file(void)
{
	bool none = !trace_header() && !trace_path()[0];
	char own[32];

	snprintf(own, sizeof own, ".%d.", getpid());
	return none && trace_open() && trace_header()->pid == getpid() &&
	       strcmp(trace_path(), parents) && strstr(trace_path(), own) &&
	       access(trace_path(), F_OK) == 0 && trace_allocate(64);
}

static void a_forked_child_gets_its_own_file(void **state)
{
	uint64_t used = trace_header()->used;

	(void)state;
	strcpy(parents, trace_path());
	assert_int_equal(status_of(child_writes_its_own_file), 0);
	assert_string_equal(trace_path(), parents);
	assert_int_equal(trace_header()->used, used);
	assert_int_equal(access(parents, F_OK), 0);
}

static void limit_files(uint64_t bytes)
{
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ bytes, bytes });
}

static bool child_has_only_memory(void)
{
	void *record;

	limit_files(100);
	if (!trace_open() || trace_path()[0])
		return false;
	record = trace_allocate(4096);
	if (!record)
		return false;
	memset((char *)record + sizeof(struct trace_record), 1, 4096 - sizeof(struct trace_record));
	trace_publish(record, RECORD_STACK);
	return true;
}

static void without_room_for_a_file_memory_takes_its_place_and_nobody_is_killed(void **state)
{
	(void)state;
	assert_int_equal(status_of(child_has_only_memory), 0);
}

static bool child_has_a_small_file(void)
{
	struct stat status;

	limit_files(runtime_options.trace_size / 16);
	return trace_open() && !stat(trace_path(), &status) &&
	       (uint64_t)status.st_size == runtime_options.trace_size / 16 &&
	       trace_header()->file_size == (uint64_t)status.st_size;
}

static void with_little_room_the_file_is_small(void **state)
{
	(void)state;
	assert_int_equal(status_of(child_has_a_small_file), 0);
}

static bool child_has_no_directory(void)
{
	strcpy(runtime_options.output, "/nowhere/at/all");
	trace_init();
	return trace_open() && !trace_path()[0] && trace_allocate(64);
}

static void without_a_directory_memory_takes_its_place(void **state)
{
	(void)state;
	assert_int_equal(status_of(child_has_no_directory), 0);
}

static bool child_removes(void)
{
	char path[256];

	if (!trace_open())
		return false;
	strcpy(path, trace_path());
	trace_remove();
	return access(path, F_OK) && !trace_path()[0] && access(parents, F_OK) == 0 &&
	       trace_allocate(64);
}

static void a_removed_file_is_still_written_to(void **state)
{
	(void)state;
	assert_int_equal(status_of(child_removes), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_no_file_before_the_first_record),
		cmocka_unit_test(the_path_tells_program_process_and_start),
		cmocka_unit_test(the_file_is_the_owners_alone_and_has_its_space),
		cmocka_unit_test(it_takes_space_as_it_grows),
		cmocka_unit_test(the_header_says_what_process_this_is),
		cmocka_unit_test(records_are_aligned_and_published_last),
		cmocka_unit_test(records_lie_one_behind_the_other_in_the_file),
		cmocka_unit_test(a_full_trace_gives_nothing_away),
		cmocka_unit_test(a_forked_child_gets_its_own_file),
		cmocka_unit_test(
			without_room_for_a_file_memory_takes_its_place_and_nobody_is_killed),
		cmocka_unit_test(with_little_room_the_file_is_small),
		cmocka_unit_test(without_a_directory_memory_takes_its_place),
		cmocka_unit_test(a_removed_file_is_still_written_to),
	};

	return RUN_SEEN(tests);
}

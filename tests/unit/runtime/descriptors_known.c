/* What is known of descriptors, and when it is forgotten. */
#include "calls_seen.h"

#include <limits.h>
#include <sys/syscall.h>

#include "runtime/base/memory_devices.h"

#define OTHER 900 /* numbers that nothing is open at */

static const struct descriptor socket_known = { SUBJECT_SOCKET, true, false };

static uint8_t byte_of(int fd)
{
	return descriptor_table[fd];
}

static void what_is_known_is_not_asked(void **state)
{
	struct descriptor got;

	(void)state;
	descriptor_know(OTHER, (struct descriptor){ SUBJECT_PIPE, true, true });
	got = descriptor_get(OTHER); /* it is not even open */
	assert_int_equal(got.subject, SUBJECT_PIPE);
	assert_true(got.nonblocking);
	assert_true(got.append);
	descriptor_know(OTHER, (struct descriptor){ SUBJECT_REGULAR_FILE, false, false });
	got = descriptor_get(OTHER);
	assert_int_equal(got.subject, SUBJECT_REGULAR_FILE);
	assert_false(got.nonblocking);
	assert_false(got.append);
	descriptor_forget(OTHER);
	assert_int_equal(byte_of(OTHER), 0);
	assert_int_equal(descriptor_get(OTHER).subject, SUBJECT_NONE);
}

static void what_is_not_known_is_asked_and_kept(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	descriptor_forget(fds[0]);
	assert_false(descriptor_never_waits(fds[0]));
	assert_int_equal(descriptor_get(fds[0]).subject, SUBJECT_PIPE);
	assert_true(descriptor_get(fds[0]).nonblocking);
	assert_int_not_equal(byte_of(fds[0]), 0);
	assert_true(descriptor_never_waits(fds[0]));
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(byte_of(fds[0]), 0);
}

static void asking_does_not_believe_the_record(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	descriptor_know(fds[0], socket_known);
	assert_int_equal(descriptor_get(fds[0]).subject, SUBJECT_SOCKET);
	assert_int_equal(descriptor_ask(fds[0]).subject, SUBJECT_PIPE);
	assert_false(descriptor_get(fds[0]).nonblocking);
	close(fds[0]);
	close(fds[1]);
}

static void each_kind_is_told(void **state)
{
	static const struct {
		const char *path;
		int flags;
		enum trace_subject subject;
	} kinds[] = { { "/proc/self/stat", O_RDONLY, SUBJECT_MEMORY_FILE },
		      { "/dev/random", O_RDONLY, SUBJECT_DEVICE },
		      { "/dev/null", O_RDWR, SUBJECT_MEMORY_FILE },
		      { "/proc/self", O_RDONLY | O_DIRECTORY, SUBJECT_MEMORY_FILE } };
	int fd;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		fd = open(kinds[i].path, kinds[i].flags);
		assert_true(fd >= 0);
		assert_int_equal(descriptor_ask(fd).subject, kinds[i].subject);
		close(fd);
	}
	fd = eventfd(0, EFD_NONBLOCK);
	assert_int_equal(descriptor_ask(fd).subject, SUBJECT_EVENT);
	assert_true(descriptor_ask(fd).nonblocking);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(descriptor_ask(fd).subject, SUBJECT_SOCKET);
	close(fd);
	fd = open("/dev/null", O_WRONLY | O_APPEND);
	assert_true(descriptor_ask(fd).append);
	close(fd);
}

static void one_that_becomes_blocking_changes_no_other(void **state)
{
	(void)state;
	descriptor_know(OTHER, socket_known);
	descriptor_know(OTHER + 1, socket_known);
	descriptor_set_nonblocking(OTHER, false);
	assert_false(descriptor_get(OTHER).nonblocking);
	assert_int_equal(descriptor_get(OTHER).subject, SUBJECT_SOCKET);
	assert_true(descriptor_never_waits(OTHER + 1));
	descriptor_forget(OTHER);
	descriptor_forget(OTHER + 1);
}

static void copies_are_asked_again_when_flags_change(void **state)
{
	(void)state;
	for (int fd = OTHER; fd < OTHER + 3; fd++)
		descriptor_know(fd, socket_known);
	descriptor_copied(OTHER, OTHER + 1);
	descriptor_know(OTHER + 1, socket_known); /* another number was made there since */
	descriptor_copied(OTHER, OTHER + 1);
	descriptor_set_flags(OTHER, false, false);
	assert_int_equal(byte_of(OTHER), DESCRIPTOR_COPIED);
	assert_int_equal(byte_of(OTHER + 1), DESCRIPTOR_COPIED);
	assert_true(descriptor_never_waits(OTHER + 2));
	for (int fd = OTHER; fd < OTHER + 3; fd++) {
		descriptor_forget(fd);
		assert_int_equal(byte_of(fd), 0);
	}
}

static void a_copy_is_what_its_original_is(void **state)
{
	(void)state;
	descriptor_know(OTHER, socket_known);
	descriptor_copied(OTHER, OTHER + 1);
	assert_true(descriptor_never_waits(OTHER + 1)); /* it is not even open */
	descriptor_set_nonblocking(OTHER + 1, false);
	assert_int_equal(byte_of(OTHER), DESCRIPTOR_COPIED);
	descriptor_forget(OTHER);
	descriptor_forget(OTHER + 1);
}

/* Outside a turn nothing is asked. */
static void a_copy_made_in_a_turn_asks_its_original(void **state)
{
	int fds[2], outside, inside;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	descriptor_forget(fds[0]);
	outside = dup(fds[0]);
	assert_int_equal(byte_of(outside), DESCRIPTOR_COPIED);
	turn_enter();
	inside = dup(fds[0]);
	turn_leave();
	assert_int_equal(byte_of(inside), SUBJECT_PIPE | DESCRIPTOR_COPIED);
	assert_int_equal(byte_of(fds[0]), SUBJECT_PIPE | DESCRIPTOR_COPIED);
	close(outside);
	close(inside);
	close(fds[0]);
	close(fds[1]);
}

static void one_that_becomes_nonblocking_changes_no_other(void **state)
{
	const struct descriptor blocking = { SUBJECT_SOCKET, false, false };

	(void)state;
	descriptor_know(OTHER, blocking);
	descriptor_know(OTHER + 1, blocking);
	descriptor_set_nonblocking(OTHER, true);
	assert_true(descriptor_never_waits(OTHER));
	assert_int_equal(descriptor_get(OTHER).subject, SUBJECT_SOCKET);
	assert_false(descriptor_never_waits(OTHER + 1));
	assert_int_not_equal(byte_of(OTHER + 1), 0);
	descriptor_forget(OTHER);
	descriptor_forget(OTHER + 1);
	descriptor_set_nonblocking(OTHER, true); /* of what nothing is known, nothing is made up */
	assert_int_equal(byte_of(OTHER), 0);
}

static void a_range_is_forgotten_to_its_ends_and_no_further(void **state)
{
	(void)state;
	for (int fd = OTHER; fd < OTHER + 6; fd++)
		descriptor_know(fd, socket_known);
	descriptors_forget_range(OTHER + 1, OTHER + 3);
	for (int fd = OTHER; fd < OTHER + 6; fd++)
		assert_int_equal(!byte_of(fd), fd >= OTHER + 1 && fd <= OTHER + 3);
	descriptors_forget_range(OTHER + 4, UINT_MAX);
	assert_int_equal(byte_of(OTHER + 4), 0);
	assert_int_equal(byte_of(OTHER + 5), 0);
	assert_int_not_equal(byte_of(OTHER), 0);
	descriptors_forget_range(OTHER + 1, OTHER); /* empty */
	assert_int_not_equal(byte_of(OTHER), 0);
	descriptor_forget(OTHER);
}

static void only_a_nonblocking_one_that_is_no_file_never_waits(void **state)
{
	(void)state;
	for (uint8_t subject = SUBJECT_NONE; subject <= SUBJECT_EVENT; subject++)
		for (int nonblocking = 0; nonblocking <= 1; nonblocking++) {
			descriptor_know(OTHER, (struct descriptor){ subject, nonblocking, false });
			assert_int_equal(descriptor_never_waits(OTHER),
					 nonblocking && subject >= SUBJECT_PIPE);
		}
	descriptor_forget(OTHER);
	assert_false(descriptor_never_waits(OTHER));
}

static void any_number_may_be_asked_for(void **state)
{
	static const int numbers[] = { -1, INT_MIN, INT_MAX, MAX_DESCRIPTORS };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		descriptor_know(numbers[i], socket_known);
		descriptor_set_nonblocking(numbers[i], true);
		assert_false(descriptor_never_waits(numbers[i]));
		assert_int_equal(descriptor_get(numbers[i]).subject, SUBJECT_NONE);
		descriptor_forget(numbers[i]);
	}
	descriptor_know(MAX_DESCRIPTORS - 1, socket_known);
	assert_true(descriptor_never_waits(MAX_DESCRIPTORS - 1));
	descriptor_forget(MAX_DESCRIPTORS - 1);
}

static uint8_t subject_below(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR, 0600);
	uint8_t subject = fd < 0 ? SUBJECT_NONE : descriptor_ask(fd).subject;

	close(fd);
	return subject;
}

/* A mount that is not in the table yet, and one that is there no more. */
static void what_is_mounted_is_looked_at_again(void **state)
{
	char directory[] = "/tmp/yieldsan-mount-XXXXXX";
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(descriptor_ask(fd).subject, SUBJECT_MEMORY_FILE);
	close(fd);
	assert_non_null(mkdtemp(directory));
	if (mount("test", directory, "tmpfs", 0, NULL)) {
		rmdir(directory);
		skip();
	}
	assert_int_equal(subject_below(directory), SUBJECT_MEMORY_FILE);
	turn_enter();
	assert_int_equal(umount2(directory, MNT_DETACH), 0);
	assert_true(memory_devices_stale);
	assert_int_equal(syscall(SYS_mount, "test", directory, "tmpfs", 0, NULL), 0);
	turn_leave();
	memory_devices_refresh();
	assert_false(memory_devices_stale);
	assert_int_equal(subject_below(directory), SUBJECT_MEMORY_FILE);
	assert_int_equal(umount(directory), 0);
	rmdir(directory);
}

/* By another process: it is taken for a disk, and asked for again. */
static void an_unknown_device_is_not_kept(void **state)
{
	char directory[] = "/tmp/yieldsan-mount-XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	if (syscall(SYS_mount, "test", directory, "tmpfs", 0, NULL)) {
		rmdir(directory);
		skip();
	}
	fd = open(directory, O_TMPFILE | O_RDWR, 0600);
	assert_int_equal(descriptor_ask(fd).subject, SUBJECT_REGULAR_FILE);
	assert_int_equal(byte_of(fd), 0);
	assert_true(memory_devices_stale);
	memory_devices_refresh();
	assert_int_equal(descriptor_ask(fd).subject, SUBJECT_MEMORY_FILE);
	assert_int_not_equal(byte_of(fd), 0);
	close(fd);
	assert_int_equal(umount(directory), 0);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_is_not_asked),
		cmocka_unit_test(what_is_not_known_is_asked_and_kept),
		cmocka_unit_test(asking_does_not_believe_the_record),
		cmocka_unit_test(each_kind_is_told),
		cmocka_unit_test(one_that_becomes_blocking_changes_no_other),
		cmocka_unit_test(copies_are_asked_again_when_flags_change),
		cmocka_unit_test(a_copy_is_what_its_original_is),
		cmocka_unit_test(a_copy_made_in_a_turn_asks_its_original),
		cmocka_unit_test(one_that_becomes_nonblocking_changes_no_other),
		cmocka_unit_test(a_range_is_forgotten_to_its_ends_and_no_further),
		cmocka_unit_test(only_a_nonblocking_one_that_is_no_file_never_waits),
		cmocka_unit_test(what_is_mounted_is_looked_at_again),
		cmocka_unit_test(an_unknown_device_is_not_kept),
		cmocka_unit_test(any_number_may_be_asked_for),
	};

	return RUN_SEEN(tests);
}

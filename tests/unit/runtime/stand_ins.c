/* What replaces functions that an older glibc does not have. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/libc/call_info.h"
#include "runtime/libc/glibc/stand_ins.h"
#include "runtime/libc/real.h"

#define FILE_NAME "/proc/self/exe"

static void status_functions_give_what_libc_gives(void **state)
{
	int (*by_path)(const char *, struct stat *) = stand_in_for(CALL_stat);
	int (*of_link)(const char *, struct stat *) = stand_in_for(CALL_lstat);
	int (*at)(int, const char *, struct stat *, int) = stand_in_for(CALL_fstatat);
	int (*of_fd)(int, struct stat *) = stand_in_for(CALL_fstat);
	struct stat seen, there;

	(void)state;
	assert_int_equal(real.stat(FILE_NAME, &there), 0);
	assert_int_equal(by_path(FILE_NAME, &seen), 0);
	assert_memory_equal(&seen, &there, sizeof seen);
	assert_int_equal(at(AT_FDCWD, FILE_NAME, &seen, 0), 0);
	assert_memory_equal(&seen, &there, sizeof seen);
	assert_int_equal(of_link(FILE_NAME, &seen), 0);
	assert_true(S_ISLNK(seen.st_mode));
	assert_int_equal(of_fd(0, &seen), 0);
	assert_int_equal(real.fstat(0, &there), 0);
	assert_int_equal(seen.st_ino, there.st_ino);
	assert_int_equal(of_fd(-1, &seen), -1);
	assert_int_equal(errno, EBADF);
}

static struct timespec soon(clockid_t clock)
{
	struct timespec time;

	real.clock_gettime(clock, &time);
	time.tv_nsec += 30000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	return time;
}

static bool is_over(clockid_t clock, const struct timespec *deadline)
{
	struct timespec now;

	real.clock_gettime(clock, &now);
	return now.tv_sec > deadline->tv_sec ||
	       (now.tv_sec == deadline->tv_sec && now.tv_nsec + 5000000 >= deadline->tv_nsec);
}

static void locks_are_waited_for_until_a_deadline_of_either_clock(void **state)
{
	static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME };
	int (*mutex_until)(pthread_mutex_t *, clockid_t, const struct timespec *) =
		stand_in_for(CALL_pthread_mutex_clocklock);
	int (*read_until)(pthread_rwlock_t *, clockid_t, const struct timespec *) =
		stand_in_for(CALL_pthread_rwlock_clockrdlock);
	int (*write_until)(pthread_rwlock_t *, clockid_t, const struct timespec *) =
		stand_in_for(CALL_pthread_rwlock_clockwrlock);
	int (*semaphore_until)(sem_t *, clockid_t, const struct timespec *) =
		stand_in_for(CALL_sem_clockwait);
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	sem_t semaphore;

	(void)state;
	sem_init(&semaphore, 0, 1);
	for (int i = 0; i < 2; i++) {
		struct timespec deadline = soon(clocks[i]);

		assert_int_equal(mutex_until(&mutex, clocks[i], &deadline), 0);
		assert_int_equal(mutex_until(&mutex, clocks[i], &deadline), ETIMEDOUT);
		assert_true(is_over(clocks[i], &deadline));
		real.pthread_mutex_unlock(&mutex);
		deadline = soon(clocks[i]);
		assert_int_equal(read_until(&lock, clocks[i], &deadline), 0);
		assert_int_equal(write_until(&lock, clocks[i], &deadline), ETIMEDOUT);
		assert_true(is_over(clocks[i], &deadline));
		real.pthread_rwlock_unlock(&lock);
		deadline = soon(clocks[i]);
		assert_int_equal(semaphore_until(&semaphore, clocks[i], &deadline), 0);
		assert_int_equal(semaphore_until(&semaphore, clocks[i], &deadline), -1);
		assert_int_equal(errno, ETIMEDOUT);
		assert_true(is_over(clocks[i], &deadline));
		sem_post(&semaphore);
	}
}

static void each_errno_has_the_text_of_libc(void **state)
{
	(void)state;
	for (int error = 0; error < 150; error++) {
		const char *text = strerrordesc_np(error);

		/* glibc 2.12 knew all numbers of today. */
		assert_string_equal(libc_error_text(error), text ? text : "unknown error");
	}
	assert_string_equal(libc_error_text(-1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_functions_give_what_libc_gives),
		cmocka_unit_test(locks_are_waited_for_until_a_deadline_of_either_clock),
		cmocka_unit_test(each_errno_has_the_text_of_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

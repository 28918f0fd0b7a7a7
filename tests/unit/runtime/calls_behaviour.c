/* A program sees no difference: results, errno, signals, cancellation, jumps. */
#include "calls_seen.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/wait.h>

static int fds[2];
static char early_text[64];
static int early_errno, early_result, early_status;

/* Before the runtime's own constructor: the stubs look their functions up and go on to them. */
__attribute__((constructor(101))) static void before_start(void)
{
	int pipe_fds[2];
	pid_t child;

	child = vfork();
	if (!child)
		_exit(3);
	waitpid(child, &early_status, 0);
	(void)!pipe(pipe_fds);
	dprintf(pipe_fds[1], "%d %.2f %s %d %d %d %d %.1f", 1, 2.5, "three", 4, 5, 6, 7, 8.5);
	(void)!read(pipe_fds[0], early_text, sizeof early_text - 1);
	errno = 0;
	early_result = open("/proc/self/nonexistent", O_CREAT | O_RDONLY | O_DIRECTORY, 0600);
	early_errno = errno;
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void calls_before_start_up_are_forwarded(void **state)
{
	(void)state;
	assert_string_equal(early_text, "1 2.50 three 4 5 6 7 8.5");
	assert_int_equal(early_result, -1);
	assert_int_not_equal(early_errno, 0);
	assert_int_equal(WEXITSTATUS(early_status), 3);
}

static void errno_is_the_calls_own(void **state)
{
	(void)state;
	turn_enter();
	errno = 0;
	assert_int_equal(read(-1, early_text, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(open("/proc/self/nonexistent", O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
	assert_null(fopen("/proc/self/nonexistent", "r"));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fcntl(-1, F_GETFL), -1);
	assert_int_equal(errno, EBADF);
	turn_leave();
}

static void errno_is_left_alone_by_success(void **state)
{
	struct stat status;

	(void)state;
	turn_enter();
	errno = 4711;
	assert_int_equal(stat("/", &status), 0);
	close(open("/dev/null", O_RDONLY));
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	poll(NULL, 0, 1);
	usleep(1);
	assert_int_equal(errno, 4711);
	turn_leave();
}

static void on_signal(int signal)
{
	(void)signal;
	usleep(1); /* part of the call it interrupts */
}

static void a_signal_interrupts_a_watched_call(void **state)
{
	struct itimerval timer = { { 0, 0 }, { 0, 5000 } };
	struct pollfd pollfd = { .fd = fds[0], .events = POLLIN };
	int result;

	(void)state;
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	turn_enter();
	setitimer(ITIMER_REAL, &timer, NULL);
	errno = 0;
	result = (int)read(fds[0], early_text, 1);
	assert_int_equal(result, -1);
	assert_int_equal(errno, EINTR);
	assert_string_equal(seen_name(), "read");
	setitimer(ITIMER_REAL, &timer, NULL);
	result = poll(&pollfd, 1, -1);
	assert_int_equal(result, -1);
	assert_int_equal(errno, EINTR);
	turn_leave();
}

static int cleaned_up;

static void clean_up(void *data)
{
	(void)data;
	cleaned_up++;
}

static void *reads_for_ever(void *started)
{
	char byte;

	pthread_cleanup_push(clean_up, NULL);
	turn_enter();
	__atomic_store_n((int *)started, 1, __ATOMIC_RELEASE);
	(void)!read(fds[0], &byte, 1);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *polls_for_ever(void *started)
{
	struct pollfd pollfd = { .fd = fds[0], .events = POLLIN };

	pthread_cleanup_push(clean_up, NULL);
	__atomic_store_n((int *)started, 1, __ATOMIC_RELEASE);
	poll(&pollfd, 1, -1);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancellation_passes_through(void **state)
{
	static void *(*const waiters[])(void *) = { reads_for_ever, polls_for_ever };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waiters); i++) {
		pthread_t thread;
		void *result;
		int started = 0;

		cleaned_up = 0;
		pthread_create(&thread, NULL, waiters[i], &started);
		while (!__atomic_load_n(&started, __ATOMIC_ACQUIRE))
			usleep(100);
		usleep(2000);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		assert_ptr_equal(result, PTHREAD_CANCELED);
		assert_int_equal(cleaned_up, 1);
	}
}

static sigjmp_buf place;

static void jumps(int signal)
{
	(void)signal;
	siglongjmp(place, 1);
}

/* Out of the middle of a watched call, past its clean-up: the next turn watches again. */
static void a_jump_out_of_a_call_is_survived(void **state)
{
	struct itimerval timer = { { 0, 0 }, { 0, 5000 } };

	(void)state;
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = jumps }, NULL);
	if (!sigsetjmp(place, 1)) {
		turn_enter();
		setitimer(ITIMER_REAL, &timer, NULL);
		(void)!read(fds[0], early_text, 1);
		fail();
	}
	turn_leave();
	assert_string_equal(SEEN_IN_TURN(usleep(1)), "usleep");
}

/* As a handler does that interrupts the unwinder. */
static __attribute__((noinline)) void leaves_our_code(void)
{
	OWN_CODE_SCOPE;
	this_thread.serving = SERVING_UNWINDER;
	thread_arm();
	siglongjmp(place, 1);
}

/* Our code never stands in the wrapper itself. */
static __attribute__((noinline)) void calls_us(void)
{
	leaves_our_code();
	__asm__ volatile("");
}

static void a_jump_out_of_our_code_is_survived(void **state)
{
	sigset_t set, before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	if (!sigsetjmp(place, 1))
		calls_us();
	sigprocmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, &before), 0);
	assert_true(sigismember(&before, SIGUSR2));
	if (!sigsetjmp(place, 1))
		calls_us();
	assert_string_equal(SEEN_IN_TURN(usleep(1)), "usleep");
}

static int visited;

/* Each is refused by the kernel, whose look comes before ours, or is all there is. */
static void are_refused(void *bad)
{
	struct timeval nothing = { 0, 0 };

	errno = 0;
#define IS_REFUSED(call) assert_true((call) == -1 && errno == EFAULT && !(errno = 0))
	IS_REFUSED(poll(bad, 2, 0));
	IS_REFUSED(select(65, bad, NULL, NULL, &nothing));
	IS_REFUSED(select(65, NULL, bad, NULL, &nothing));
	IS_REFUSED(nanosleep(bad, NULL));
	IS_REFUSED(ioctl(fds[0], FIONBIO, bad));
	IS_REFUSED(syscall(SYS_poll, bad, 2, 0));
	IS_REFUSED(syscall(SYS_futex, &visited, FUTEX_WAIT, 0, bad));
#undef IS_REFUSED
}

static void bad_addresses_are_refused_as_ever(void **state)
{
	char *gone = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	/* The array begins where it can be read, and goes on where it cannot. */
	munmap(gone + 4096, 4096);
	are_refused(gone + 4096);
	assert_true(poll((struct pollfd *)(gone + 4096) - 1, 2, 0) == -1 && errno == EFAULT);
	mprotect(gone, 4096, PROT_NONE);
	turn_enter();
	are_refused(gone);
	are_refused((void *)8);
	are_refused((void *)0x8000000000000000);
	turn_leave();
	munmap(gone, 4096);
}

static int visits(const char *path, const struct stat *status, int kind)
{
	(void)path, (void)status, (void)kind;
	visited++;
	usleep(1);
	return 0;
}

static void what_a_call_calls_back_is_part_of_it(void **state)
{
	(void)state;
	assert_string_equal(SEEN_IN_TURN(ftw("/proc/self/fdinfo", visits, 4)), "ftw");
	assert_true(visited > 0);
}

static void *calls_at_its_end(void *data)
{
	return data;
}

static void calls_after_end(void *data)
{
	usleep(1);
	close(open("/dev/null", O_RDONLY));
	*(int *)data = 1;
}

static pthread_key_t key;

static void *has_a_destructor(void *data)
{
	turn_enter();
	usleep(1);
	turn_leave();
	pthread_setspecific(key, data);
	return calls_at_its_end(NULL);
}

static void destructors_of_a_thread_may_call(void **state)
{
	pthread_t thread;
	int called = 0;

	(void)state;
	pthread_key_create(&key, calls_after_end);
	pthread_create(&thread, NULL, has_a_destructor, &called);
	pthread_join(thread, NULL);
	assert_int_equal(called, 1);
	pthread_key_delete(key);
}

static void formats_pass_every_kind_of_argument(void **state)
{
	char text[128];
	wchar_t letters[8];
	double number;
	int first, in_turn;
	FILE *stream;

	(void)state;
	for (in_turn = 0; in_turn < 2; in_turn++) {
		stream = tmpfile();
		if (in_turn)
			turn_enter();
		fprintf(stream, "%d %s %.3f %ld %c %.1f %d %d\n", 1, "two", 3.5, 4L, '5', 6.5, 7,
			8);
		rewind(stream);
		CALLED(fscanf)(stream, "%d %127s %lf", &first, text, &number);
		if (in_turn)
			turn_leave();
		assert_int_equal(first, 1);
		assert_string_equal(text, "two");
		assert_true(number == 3.5);
		rewind(stream);
		assert_non_null(fgets(text, sizeof text, stream));
		assert_string_equal(text, "1 two 3.500 4 5 6.5 7 8\n");
		fclose(stream);
		stream = tmpfile();
		fwprintf(stream, L"%d %ls", 9, L"ten");
		rewind(stream);
		fwscanf(stream, L"%d %7ls", &first, letters);
		assert_int_equal(first, 9);
		assert_int_equal(letters[0], L't');
		fclose(stream);
	}
}

static int setup(void **state)
{
	(void)!pipe(fds);
	(void)state;
	return 0;
}

#define MARK 4711 /* a processor time that no thread has by accident */

/* Fifteen short reads of a file, and a sixteenth. */
static bool are_sampled(int file)
{
	static char buffer[200 << 10]; /* some 10 us: not so short that it cannot have slept */
	bool others;

	turn_enter();
	(void)!pread(file, buffer, sizeof buffer, 0);
	this_thread.usage.cpu_ns = MARK;
	this_thread.short_calls = 0;
	for (int i = 1; i < TRACE_SLEEP_SAMPLES; i++)
		(void)!pread(file, buffer, sizeof buffer, 0);
	others = this_thread.usage.cpu_ns == MARK;
	(void)!pread(file, buffer, sizeof buffer, 0);
	turn_leave();
	return others && this_thread.usage.cpu_ns != MARK;
}

/* A read may take longer than is short, or too little to be asked at all: some rounds have it. */
static void one_of_many_short_calls_is_asked_whether_it_slept(void **state)
{
	char name[] = "sampled-XXXXXX";
	int file = mkstemp(name);
	bool sampled = false;

	(void)state;
	assert_true(file >= 0);
	unlink(name);
	if (descriptor_ask(file).subject != SUBJECT_REGULAR_FILE)
		skip();
	assert_int_equal(ftruncate(file, 1 << 20), 0);
	for (int i = 0; i < 10000 && !sampled; i++)
		sampled = are_sampled(file);
	close(file);
	assert_true(sampled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_many_short_calls_is_asked_whether_it_slept),
		cmocka_unit_test(calls_before_start_up_are_forwarded),
		cmocka_unit_test(errno_is_the_calls_own),
		cmocka_unit_test(errno_is_left_alone_by_success),
		cmocka_unit_test(a_signal_interrupts_a_watched_call),
		cmocka_unit_test(cancellation_passes_through),
		cmocka_unit_test(a_jump_out_of_a_call_is_survived),
		cmocka_unit_test(a_jump_out_of_our_code_is_survived),
		cmocka_unit_test(bad_addresses_are_refused_as_ever),
		cmocka_unit_test(what_a_call_calls_back_is_part_of_it),
		cmocka_unit_test(destructors_of_a_thread_may_call),
		cmocka_unit_test(formats_pass_every_kind_of_argument),
	};

	return cmocka_run_group_tests(tests, setup, seen_teardown);
}

/* Forks, vforks, execs and ends behave as without us. */
#include "calls_seen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "runtime/base/system_call.h"

/* What a child wrote before it ended, and how it ended. */
static int ended(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_vfork_child_may_exec_and_exit(void **state)
{
	volatile int shared = 0;
	pid_t child;

	(void)state;
	child = vfork();
	if (!child) {
		shared = 1;
		_exit(7);
	}
	assert_int_equal(shared, 1); /* our memory, and it ended before we went on */
	assert_int_equal(ended(child), 7);
	child = vfork();
	if (!child) {
		execl("/bin/sh", "sh", "-c", "exit 8", (char *)NULL);
		_exit(1);
	}
	assert_int_equal(ended(child), 8);
}

static void a_vfork_child_only_forwards(void **state)
{
	uint32_t before;
	pid_t child;

	(void)state;
	turn_enter();
	usleep(1); /* has a slot from here */
	before = seen_count();
	child = vfork();
	if (!child) {
		usleep(1);
		_exit(this_thread.armed);
	}
	assert_int_equal(seen_count(), before);
	assert_true(this_thread.armed);
	turn_leave();
	assert_int_equal(ended(child), 0);
}

static void vforks_nest(void **state)
{
	pid_t child, inner;

	(void)state;
	child = vfork();
	if (!child) {
		inner = vfork();
		if (!inner)
			_exit(3);
		/* the parent of one and still the child of another */
		if (!this_thread.vforked)
			_exit(1);
		_exit(ended(inner));
	}
	assert_false(this_thread.vforked);
	assert_int_equal(ended(child), 3);
}

static void a_vfork_that_fails_says_so(void **state)
{
	struct rlimit limit, none = { 0, 0 };
	pid_t child = fork();

	(void)state;
	if (!child) {
		/* root is not limited: give that up, in the child alone */
		if (!geteuid())
			(void)!setuid(65534);
		getrlimit(RLIMIT_NPROC, &limit);
		setrlimit(RLIMIT_NPROC, &none);
		errno = 0;
		child = vfork();
		if (!child)
			_exit(9);
		_exit(child == -1 && errno == EAGAIN && !this_thread.vforked ? 0 : 2);
	}
	assert_int_equal(ended(child), 0);
}

static void a_forked_child_has_no_turn(void **state)
{
	static pid_t (*const ways[])(void) = { fork, _Fork };
	pid_t child;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		turn_enter();
		usleep(1);
		child = ways[i]();
		if (!child)
			_exit(this_thread.turn || this_thread.slot || this_thread.armed);
		turn_leave();
		assert_int_equal(ended(child), 0);
	}
}

static int run(int which)
{
	static char *const arguments[] = { "sh", "-c", "exit $((N + $#))", "x", "y", NULL };
	static char *const environment[] = { "N=4", "PATH=/bin", NULL };
	pid_t child = fork();

	if (child)
		return ended(child);
	setenv("N", "4", 1);
	switch (which) {
	case 0:
		execl("/bin/sh", "sh", "-c", "exit $((N + $#))", "x", "y", (char *)NULL);
		break;
	case 1:
		execlp("sh", "sh", "-c", "exit $((N + $#))", "x", "y", (char *)NULL);
		break;
	case 2:
		execle("/bin/sh", "sh", "-c", "exit $((N + $#))", "x", "y", (char *)NULL,
		       environment);
		break;
	case 3:
		execv("/bin/sh", arguments);
		break;
	case 4:
		execvp("sh", arguments);
		break;
	case 5:
		execvpe("sh", arguments, environment);
		break;
	case 6:
		execve("/bin/sh", arguments, environment);
		break;
	case 7:
		fexecve(open("/bin/sh", O_RDONLY), arguments, environment);
		break;
	case 8:
		execveat(AT_FDCWD, "/bin/sh", arguments, environment, 0);
		break;
	case 9:
		syscall(SYS_execve, "/bin/sh", arguments, environment);
		break;
	}
	_exit(100);
}

static void each_exec_passes_its_arguments_and_environment(void **state)
{
	(void)state;
	for (int which = 0; which < 10; which++)
		assert_int_equal(run(which), 5);
}

static void an_exec_that_fails_returns(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(execl("/proc/self/nonexistent", "x", (char *)NULL), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(execlp("yieldsan-nonexistent", "x", (char *)NULL), -1);
	assert_int_equal(errno, ENOENT);
}

static int ways_to_end(int which)
{
	pid_t child = fork();

	if (child)
		return ended(child);
	turn_enter();
	switch (which) {
	case 0:
		exit(20);
	case 1:
		_exit(20);
	case 2:
		_Exit(20);
	case 3:
		quick_exit(20);
	default:
		syscall(SYS_exit_group, 20);
	}
	return 0;
}

static void each_end_gives_its_status(void **state)
{
	(void)state;
	for (int which = 0; which < 5; which++)
		assert_int_equal(ways_to_end(which), 20);
}

static void children_of_posix_spawn_and_system_are_waited_for(void **state)
{
	char *arguments[] = { "sh", "-c", "exit 6", NULL };
	pid_t child;
	FILE *stream;

	(void)state;
	turn_enter();
	assert_int_equal(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ), 0);
	assert_int_equal(ended(child), 6);
	assert_int_equal(WEXITSTATUS(system("exit 5")), 5);
	stream = popen("exit 4", "r");
	assert_int_equal(WEXITSTATUS(pclose(stream)), 4);
	turn_leave();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vfork_child_may_exec_and_exit),
		cmocka_unit_test(a_vfork_child_only_forwards),
		cmocka_unit_test(vforks_nest),
		cmocka_unit_test(a_vfork_that_fails_says_so),
		cmocka_unit_test(a_forked_child_has_no_turn),
		cmocka_unit_test(each_exec_passes_its_arguments_and_environment),
		cmocka_unit_test(an_exec_that_fails_returns),
		cmocka_unit_test(each_end_gives_its_status),
		cmocka_unit_test(children_of_posix_spawn_and_system_are_waited_for),
	};

	return RUN_SEEN(tests);
}

/*
 * Programs that give up what they may do, between two findings that must both be reported:
 *
 *	confine chroot|privileges|seccomp|nofile|fsize
 */
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"
#include "operations.h"

static void block_before(unsigned turn)
{
	if (turn == 3)
		operation_find("usleep")->block();
}

static void block_after(unsigned turn)
{
	if (turn == 3)
		operation_find("nanosleep")->block();
}

/* The child's own records may find no place in here: that must not trouble it. */
static void block_in_child(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		const struct operation *operation = operation_find("sem");

		operation->prepare();
		operation->block();
		operation->finish();
		loop_run(6, block_after);
		_exit(5);
	}
	REQUIRE(waitpid(child, &status, 0) == child); /* EXPECT-NONE */
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

static void confine_by_chroot(void)
{
	mkdir("root", 0755);
	REQUIRE(chdir("root") == 0);
	REQUIRE(chroot(".") == 0);
}

static void confine_by_privileges(void)
{
	REQUIRE(setgroups(0, NULL) == 0);
	REQUIRE(setgid(65534) == 0);
	REQUIRE(setuid(65534) == 0);
}

static void confine_by_descriptors(void)
{
	const struct rlimit few = { 16, 16 };

	REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
}

static void confine_by_file_size(void)
{
	const struct rlimit small = { 0, 0 };

	REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
}

#define ALLOWED(name)                                          \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* What this program calls from here on, and nothing else: one more, and it is killed. */
static void confine_by_seccomp(void)
{
	static struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOWED(read),
		ALLOWED(write),
		ALLOWED(close),
		ALLOWED(pipe2),
		ALLOWED(epoll_create1),
		ALLOWED(epoll_ctl),
		ALLOWED(epoll_wait),
		ALLOWED(clock_nanosleep),
		ALLOWED(nanosleep),
		ALLOWED(futex),
		/* a thread's making and its end */
		ALLOWED(clone3),
		ALLOWED(clone),
		ALLOWED(rt_sigprocmask),
		ALLOWED(mmap),
		ALLOWED(munmap),
		ALLOWED(mprotect),
		ALLOWED(madvise),
		ALLOWED(rseq),
		ALLOWED(set_robust_list),
		ALLOWED(exit),
		ALLOWED(exit_group),
		/* the stream of standard output, at its first use */
		ALLOWED(newfstatat),
		ALLOWED(brk),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {
		.len = sizeof(rules) / sizeof(rules[0]),
		.filter = rules,
	};

	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

int main(int argc, char **argv)
{
	bool may_fork = true;

	REQUIRE(argc == 2);
	loop_run(6, block_before);
	if (!strcmp(argv[1], "chroot")) {
		confine_by_chroot();
	} else if (!strcmp(argv[1], "privileges")) {
		confine_by_privileges();
	} else if (!strcmp(argv[1], "seccomp")) {
		confine_by_seccomp();
		may_fork = false;
	} else if (!strcmp(argv[1], "nofile")) {
		confine_by_descriptors();
	} else {
		confine_by_file_size();
	}
	loop_run(6, block_after);
	if (may_fork)
		block_in_child();
	printf("done\n");
	return 0;
}

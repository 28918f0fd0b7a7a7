/* Forks, execs, descriptors, rights, limits. */
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "hostile.h"

extern char **environ;

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static void descriptors_closed(void)
{
	loop_and_block(8);
	syscall(SYS_close_range, 3, ~0U, 0);
	printf("lowest %d\n", open("/dev/null", O_RDONLY));
	for (int i = 0; i < 200; i++)
		dup(0);
	printf("next %d\n", dup(0));
	loop_and_block(8);
}

static void *fork_often(void *unused)
{
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();

		if (!pid) {
			loop_and_block(6);
			_exit(i);
		}
		if (WEXITSTATUS(status_of(pid)) != i)
			abort();
	}
	return unused;
}

static void fork_storm(void)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, fork_often, NULL);
	loop_and_block(20);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	printf("joined\n");
}

static void spawn_storm(void)
{
	char *const arguments[] = { (char *)"sh", (char *)"-c", (char *)"exit 4", NULL };
	volatile int sum = 0, failed = 0;
	pid_t pid;

	loop_and_block(8);
	for (int i = 0; i < 20; i++) {
		pid = vfork();
		if (!pid) {
			execve("/proc/self/nonexistent", arguments, environ);
			_exit(3);
		}
		sum += WEXITSTATUS(status_of(pid));
		if (posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ))
			abort();
		sum += WEXITSTATUS(status_of(pid));
		if (posix_spawnp(&pid, "sh", NULL, NULL, arguments, environ))
			abort();
		sum += WEXITSTATUS(status_of(pid));
		failed += posix_spawn(&pid, "/proc/self/nonexistent", NULL, NULL, arguments, environ);
	}
	printf("statuses %d, errors %d\n", sum, failed);
}

static int cloned(void *argument)
{
	char byte;
	int fd = open("/dev/zero", O_RDONLY);

	*(int *)argument = (int)read(fd, &byte, 1) + 41;
	close(fd);
	return 11;
}

static void clone_with_own_stack(void)
{
	size_t size = 1 << 18;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int value = 0;

	loop_and_block(8);
	printf("status %d", WEXITSTATUS(status_of(clone(cloned, stack + size, SIGCHLD, &value))));
	printf(", value %d\n", value);
	printf("status %d", WEXITSTATUS(status_of(clone(cloned, stack + size, CLONE_VM | CLONE_VFORK | SIGCHLD, &value))));
	printf(", value %d\n", value);
}

static void rights_given_up(void)
{
	gid_t none = 65534;

	loop_and_block(8);
	if (geteuid()) {
		printf("not root\n");
		return;
	}
	printf("%d %d %d %d %d\n", chroot("/"), chdir("/"), setgroups(1, &none), setgid(none), setuid(none));
	printf("%d %d\n", setuid(0), errno);
	loop_and_block(8);
}

static void name_spaces(void)
{
	pid_t pid;

	loop_and_block(8);
	if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS)) {
		printf("not allowed\n");
		return;
	}
	pid = fork();
	if (!pid) {
		printf("pid %d\n", getpid());
		loop_and_block(8);
		_exit(0);
	}
	printf("%d\n", status_of(pid));
}

static void few_descriptors(void)
{
	struct rlimit few = { 5, 5 };
	int last = -1, fd;

	loop_and_block(8);
	setrlimit(RLIMIT_NOFILE, &few);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	printf("last %d, error %d\n", last, errno);
	close(last);
	close(last - 1);
	loop_and_block(8);
}

static void little_memory(void)
{
	struct rlimit little = { 200 << 20, 200 << 20 };
	unsigned refused = 0;

	loop_and_block(8);
	setrlimit(RLIMIT_AS, &little);
	for (int i = 0; i < 8; i++)
		refused += !malloc((size_t)1 << 30);
	printf("refused %u\n", refused);
	loop_and_block(8);
}

static void small_files_only(void)
{
	struct rlimit small = { 4096, 4096 };

	loop_and_block(8);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	loop_and_block(8);
	printf("done\n");
}

static void no_environment(void)
{
	loop_and_block(8);
	clearenv();
	printf("%s, status %d\n", getenv("PATH") ? "PATH" : "nothing", system("exit 3"));
	loop_and_block(8);
}

static void bad_pointers(void)
{
	void *volatile bad = (void *)16;
	int pipes[2];

#define ERROR(call)                                      \
	do {                                             \
		errno = 0;                               \
		printf("%ld %d\n", (long)(call), errno); \
	} while (0)
	loop_and_block(8);
	pipe(pipes);
	write(pipes[1], "abc", 3);
	ERROR(read(pipes[0], bad, 3));
	ERROR(write(pipes[1], bad, 3));
	ERROR(open(bad, O_RDONLY));
	ERROR(stat(bad, bad));
	ERROR(access(bad, F_OK));
	ERROR(poll(bad, 1, 0));
	ERROR(nanosleep(bad, NULL));
	ERROR(readlink("/proc/self/exe", bad, 100));
	ERROR(unlink(bad));
	ERROR(mkdir(bad, 0700));
	ERROR(epoll_ctl(pipes[0], EPOLL_CTL_ADD, pipes[1], bad));
	ERROR(pread(pipes[0], bad, 1, 0));
}

static void large_mappings(void)
{
	size_t size = (size_t)16 << 40;
	void *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	loop_and_block(8);
	printf("%d\n", memory != MAP_FAILED);
	munmap(memory, size);
	loop_and_block(8);
}

static void names_looked_up(void)
{
	ssize_t (*next)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	char byte;

	loop_and_block(8);
	printf("%ld\n", (long)next(open("/dev/zero", O_RDONLY), &byte, 1));
	printf("%d %d\n", !!dlvsym(RTLD_DEFAULT, "realpath", "GLIBC_2.2.5"), !!dlvsym(RTLD_DEFAULT, "realpath", "GLIBC_2.3"));
	printf("%d\n", !dlsym(RTLD_DEFAULT, "no_such_function"));
	printf("%d\n", !!dlerror());
	printf("%d\n", !dlerror());
}

static void groups_killed(void)
{
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		loop_and_block(8);
		kill(0, SIGKILL);
	}
	printf("%d\n", status_of(pid));
	loop_and_block(8);
}

static void *exec_from_here(void *unused)
{
	loop_and_block(8);
	execl("/bin/sh", "sh", "-c", "echo from a thread; exit 12", (char *)NULL);
	return unused;
}

static void exec_in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_from_here, NULL);
	pthread_join(thread, NULL);
}

/* Here, as smallest stacks have no room for them. */
static __thread char local[3 << 20];

static void *use_locals(void *unused)
{
	for (size_t i = 0; i < sizeof local; i += 4096)
		local[i] = 1;
	loop_and_block(8);
	return unused;
}

static void large_thread_locals(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, use_locals, NULL))
		abort();
	pthread_join(thread, NULL);
	printf("%d\n", local[0]);
}

static const struct hostile_case cases[] = {
	{ "descriptors_closed", descriptors_closed },
	{ "fork_storm", fork_storm },
	{ "spawn_storm", spawn_storm },
	{ "clone_with_own_stack", clone_with_own_stack },
	{ "rights_given_up", rights_given_up },
	{ "name_spaces", name_spaces },
	{ "few_descriptors", few_descriptors },
	{ "little_memory", little_memory },
	{ "small_files_only", small_files_only },
	{ "no_environment", no_environment },
	{ "bad_pointers", bad_pointers },
	{ "large_mappings", large_mappings },
	{ "names_looked_up", names_looked_up },
	{ "groups_killed", groups_killed },
	{ "exec_in_thread", exec_in_thread },
	{ "large_thread_locals", large_thread_locals },
};

HOSTILE_MAIN(cases)

#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void *apart_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void apart_begin(pid_t parent, int death_signal)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "1000", 4);
		close(fd);
	}
	/* Leave no core file of ours where the program would write its own. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	prctl(PR_SET_PDEATHSIG, death_signal);
	if (getppid() != parent)
		raise(death_signal);
}

int apart_run(void (*work)(void *data), void *data)
{
	pid_t self = getpid(), pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		work(data);
		return 0;
	}
	if (!pid) {
		apart_begin(self, SIGKILL);
		work(data);
		fflush(NULL);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

#include "thread_state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contract/trace_format.h"

static bool read_file(pid_t pid, pid_t tid, const char *name, char *text, size_t size)
{
	char path[96];
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)pid, (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, size - 1);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

bool thread_state_read(pid_t pid, pid_t tid, struct thread_state *state)
{
	char text[512];
	const char *behind;

	if (!read_file(pid, tid, "stat", text, sizeof text))
		return false;
	behind = strrchr(text, ')'); /* the name may hold anything */
	if (!behind || !behind[1])
		return false;
	state->letter = behind[2];
	if (!read_file(pid, tid, "schedstat", text, sizeof text) ||
	    sscanf(text, "%" SCNu64 " %" SCNu64, &state->ran_ns, &state->runnable_ns) != 2)
		return false;
	return true;
}

bool thread_sleeps(const struct thread_state *state)
{
	return !strchr("RTt", state->letter);
}

bool thread_wait_read(pid_t pid, pid_t tid, struct thread_wait *wait)
{
	char text[512];
	long number;

	memset(wait, 0, sizeof *wait);
	/* "NUMBER ARGUMENTS... SP PC", "-1 SP PC" outside of a call, "running". */
	if (!read_file(pid, tid, "syscall", text, sizeof text) || *text == 'r')
		return false;
	if (sscanf(text, "%ld %*x %*x %*x %*x %*x %*x %" SCNx64 " %" SCNx64, &number, &wait->sp,
		   &wait->pc) != 3 &&
	    sscanf(text, "%ld %" SCNx64 " %" SCNx64, &number, &wait->sp, &wait->pc) != 3)
		return false;
	wait->system_call = number < 0 ? TRACE_PAGE_FAULT : (uint32_t)number + 1;
	if (read_file(pid, tid, "wchan", text, sizeof text) && strcmp(text, "0"))
		snprintf(wait->channel, sizeof wait->channel, "%.*s", (int)sizeof wait->channel - 1,
			 text);
	return true;
}

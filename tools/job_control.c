#include "job_control.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GENERATIONS 64

/* State and parent: proc(5), /proc/PID/stat. The name before them may contain any character. */
static bool read_stat(pid_t pid, char *state, pid_t *parent)
{
	char path[64], text[512], *name_end;
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof text - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	name_end = strrchr(text, ')');
	return name_end && sscanf(name_end + 1, " %c %d", state, parent) == 2;
}

bool process_is_stopped(pid_t pid)
{
	pid_t parent;
	char state;

	return read_stat(pid, &state, &parent) && state == 'T';
}

bool process_descends_from_us(pid_t pid)
{
	pid_t self = getpid();
	char state;

	for (int i = 0; i < GENERATIONS && pid > 1 && pid != self; i++)
		if (!read_stat(pid, &state, &pid))
			return false;
	return pid == self;
}

pid_t terminal_group(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	pid_t group;

	if (fd < 0)
		return -1;
	group = tcgetpgrp(fd);
	close(fd);
	return group;
}

void terminal_give(pid_t group)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return;
	(void)tcsetpgrp(fd, group);
	close(fd);
}

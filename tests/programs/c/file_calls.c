/* Calls on files of the directory that is its argument, each in a turn of its own. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yieldsan/yieldsan.h>

#define IN_TURN(call)                         \
	do {                                  \
		yieldsan_turn_begin("files"); \
		(void)!(call);                \
		yieldsan_turn_end();          \
	} while (0)

int main(int argc, char **argv)
{
	char byte = 0;
	struct stat status;
	int before, fd = -1;

	if (argc < 2 || chdir(argv[1]))
		return 1;
	before = open("before", O_RDWR);
	IN_TURN(read(before, &byte, 1));
	IN_TURN(pwrite(before, &byte, 1, 0));
	IN_TURN(fd = open("within", O_RDWR));
	IN_TURN(read(fd, &byte, 1));
	IN_TURN(fsync(fd));
	IN_TURN(fstat(fd, &status));
	IN_TURN(ftruncate(fd, 10));
	IN_TURN(flock(fd, LOCK_EX));
	IN_TURN(flock(fd, LOCK_UN));
	IN_TURN(close(fd));
	IN_TURN(fd = open("directory", O_RDONLY | O_DIRECTORY));
	IN_TURN(fsync(fd));
	IN_TURN(close(fd));
	IN_TURN(stat("other", &status));
	IN_TURN(access("other", R_OK));
	IN_TURN(fclose(fopen("stream", "r")));
	IN_TURN(close(before));
	if (chdir("/"))
		return 1;
	return 0;
}

/*
 * A FUSE file system without state that counts the requests it gets: each is a question that a slow
 * server would take its time for.
 *
 *	fuse_count DIRECTORY PROGRAM [ARG...]
 *
 * Mounts it there, in a mount name space of its own, runs the program, and prints the number of
 * requests behind the program's own output. Names: d* is a directory, any other a regular file.
 * With FUSE_DELAY_MS in the environment it looks each name up so much later, as a slow server does;
 * with FUSE_DELAY_ALL_MS it answers each request so much later.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT_NODE 1
#define SIZE	  65536
#define STATX	  52 /* FUSE_STATX, which older headers don't have */

static int device;
static unsigned long requests;
static unsigned delay_ms, delay_all_ms;

static void reply(uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header head = { sizeof head + size, error, unique };
	struct iovec parts[] = { { &head, sizeof head }, { (void *)data, size } };

	if (writev(device, parts, size ? 2 : 1) < 0 && errno != ENOENT)
		perror("fuse_count: writev");
}

/* The first letter in the low byte, so that the number shows the type. */
static uint64_t node_of(const char *name)
{
	uint64_t hash = 5381;

	for (const char *letter = name; *letter; letter++)
		hash = hash * 33 + (unsigned char)*letter;
	return hash << 8 | (unsigned char)*name;
}

static struct fuse_attr attributes_of(uint64_t node)
{
	mode_t type = node == ROOT_NODE || (node & 0xff) == 'd' ? S_IFDIR : S_IFREG;

	return (struct fuse_attr){ .ino = node,
				   .size = type == S_IFREG ? SIZE : 0,
				   .mode = type | 0777,
				   .nlink = 1,
				   .blksize = 4096 };
}

static void reply_entry(uint64_t unique, const char *name)
{
	struct fuse_entry_out entry = { .nodeid = node_of(name),
					.attr = attributes_of(node_of(name)) };

	reply(unique, 0, &entry, sizeof entry);
}

/* Nothing may be kept: each question comes here again. */
static void answer(const struct fuse_in_header *head, const void *argument)
{
	static char zeros[SIZE];

	usleep(delay_all_ms * 1000);
	switch (head->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out out = { .major = 7, .minor = 31, .max_write = SIZE };

		reply(head->unique, 0, &out, sizeof out);
		break;
	}
	case FUSE_LOOKUP:
		usleep(delay_ms * 1000);
		reply_entry(head->unique, argument);
		break;
	case FUSE_GETATTR:
	case FUSE_SETATTR: {
		struct fuse_attr_out out = { .attr = attributes_of(head->nodeid) };

		reply(head->unique, 0, &out, sizeof out);
		break;
	}
	case FUSE_OPEN:
	case FUSE_OPENDIR: {
		struct fuse_open_out out = {
			.open_flags = head->opcode == FUSE_OPEN ? FOPEN_DIRECT_IO : 0
		};

		reply(head->unique, 0, &out, sizeof out);
		break;
	}
	case FUSE_READ: {
		const struct fuse_read_in *in = argument;

		reply(head->unique, 0, zeros, in->size < SIZE ? in->size : SIZE);
		break;
	}
	case FUSE_WRITE: {
		struct fuse_write_out out = { .size = ((const struct fuse_write_in *)argument)->size };

		reply(head->unique, 0, &out, sizeof out);
		break;
	}
	case FUSE_STATFS: {
		struct fuse_statfs_out out = { .st = { .bsize = 4096, .namelen = 255 } };

		reply(head->unique, 0, &out, sizeof out);
		break;
	}
	case STATX: /* then it asks for FUSE_GETATTR */
	case FUSE_POLL:
	case FUSE_IOCTL:
	case FUSE_LSEEK:
		reply(head->unique, -ENOSYS, NULL, 0);
		break;
	default: /* release, flush, fsync, an empty directory, ... */
		reply(head->unique, 0, NULL, 0);
	}
}

static void serve(void)
{
	static char buffer[2 * SIZE] __attribute__((aligned(8)));

	for (;;) {
		const struct fuse_in_header *head = (const void *)buffer;
		ssize_t got = read(device, buffer, sizeof buffer);

		if (got < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
			continue;
		if (got < 0 || head->opcode == FUSE_DESTROY)
			return;
		requests++;
		if (head->opcode != FUSE_FORGET && head->opcode != FUSE_BATCH_FORGET &&
		    head->opcode != FUSE_INTERRUPT)
			answer(head, head + 1);
	}
}

static int fails(const char *what)
{
	fprintf(stderr, "fuse_count: %s: %s\n", what, strerror(errno));
	return 99; /* a machine that has no FUSE */
}

int main(int argc, char **argv)
{
	char options[100];
	int status;
	pid_t child;

	if (argc < 3)
		return 2;
	if (getenv("FUSE_DELAY_MS"))
		delay_ms = (unsigned)atoi(getenv("FUSE_DELAY_MS"));
	if (getenv("FUSE_DELAY_ALL_MS"))
		delay_all_ms = (unsigned)atoi(getenv("FUSE_DELAY_ALL_MS"));
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0 || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return fails("/dev/fuse");
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (mount("fuse_count", argv[1], "fuse.fuse_count", 0, options))
		return fails("mount");
	child = fork();
	if (!child) {
		pid_t program = fork();

		if (!program) {
			execv(argv[2], argv + 2);
			_exit(127);
		}
		if (program < 0 || waitpid(program, &status, 0) < 0)
			_exit(1);
		umount2(argv[1], MNT_DETACH); /* which ends serve */
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	serve();
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 1;
	printf("%lu\n", requests);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

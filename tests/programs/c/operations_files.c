#include "operations.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"
#include "loop.h"

/* How long a disk takes is not ours to say: a warning, or an error when it slept. */
static void block_file(void)
{
	char text[64];
	int descriptor;
	ssize_t count;

	descriptor = open("data.txt", O_RDONLY | O_CLOEXEC); /* EXPECT warning|error open|open64 category=file case=file */
	REQUIRE(descriptor >= 0);
	count = read(descriptor, text, sizeof(text)); /* EXPECT warning|error read category=file case=file */
	REQUIRE(count == sizeof(text));
	close(descriptor);
}

static int real_stderr;

static void prepare_fsync(void)
{
	int log = open("log.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	real_stderr = dup(STDERR_FILENO);
	REQUIRE(log >= 0 && real_stderr >= 0 && dup2(log, STDERR_FILENO) == STDERR_FILENO);
	close(log);
}

static void finish_fsync(void)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
}

/* A log that is written to the disk is a log. */
static void block_fsync(void)
{
	int descriptor;
	int result;

	descriptor = open("synced.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* EXPECT warning|error open|open64 category=file case=fsync */
	REQUIRE(descriptor >= 0);
	result = write(descriptor, "some text\n", 10); /* EXPECT warning|error write category=file case=fsync */
	REQUIRE(result == 10);
	result = fsync(descriptor); /* EXPECT warning|error fsync category=file case=fsync */
	REQUIRE(result == 0);
	close(descriptor);
	REQUIRE(write(STDERR_FILENO, "a line\n", 7) == 7); /* EXPECT notice|error write category=output case=fsync */
	result = fsync(STDERR_FILENO);			   /* EXPECT notice|error fsync category=output case=fsync */
	REQUIRE(result == 0);
}

static void block_stat(void)
{
	struct stat status;
	int result = stat("data.txt", &status); /* EXPECT notice|error stat|stat64 category=metadata case=stat */

	REQUIRE(result == 0);
}

static FILE *buffered, *unnamed;

static void prepare_buffered(void)
{
	buffered = fopen("buffered.txt", "w");
	unnamed = fopen("buffered.txt", "r+");
	REQUIRE(buffered && unnamed);
}

static void finish_buffered(void)
{
	fclose(buffered);
	fclose(unnamed);
}

/* What only enters a stream's buffer reaches no file, the first byte and the last one. */
static void block_buffered(void)
{
	static const char page[4096] = "text";
	char *large = calloc(1, 20000);

	REQUIRE(large);
	REQUIRE(fputc('x', buffered) == 'x');		     /* EXPECT-NONE */
	REQUIRE(fputs("text", buffered) >= 0);		     /* EXPECT-NONE */
	REQUIRE(fprintf(buffered, "%d\n", 1) == 2);	     /* EXPECT-NONE */
	REQUIRE(fwrite(page, 1, 1000, buffered) == 1000);    /* EXPECT-NONE */
	REQUIRE(fputc('x', unnamed) == 'x');		     /* EXPECT-NONE */
	REQUIRE(fwrite(page, 1, 4096, buffered) == 4096);    /* EXPECT warning|error fwrite category=file case=buffered */
	REQUIRE(fwrite(large, 1, 15000, buffered) == 15000); /* EXPECT warning|error fwrite category=file case=buffered */
	REQUIRE(fflush(buffered) == 0);			     /* EXPECT warning|error fflush category=file case=buffered */
	free(large);
}

static int locked_file;

/* The two descriptions of one file exclude each other, although both are of this process. */
static void *hold_flock(void *unused)
{
	int other = open("locked.txt", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	REQUIRE(flock(other, LOCK_EX) == 0);
	helper_holds();
	helper_wait();
	close(other);
	return unused;
}

static void prepare_flock(void)
{
	helper_start_holding(hold_flock);
	locked_file = open("locked.txt", O_RDWR | O_CLOEXEC);
	REQUIRE(locked_file >= 0);
}

static void finish_flock(void)
{
	helper_join();
	close(locked_file);
}

static void block_flock(void)
{
	int result;

	helper_begin();
	result = flock(locked_file, LOCK_EX); /* EXPECT error flock case=flock */
	REQUIRE(result == 0);
}

const struct operation file_operations[] = {
	{ "file", NULL, block_file, NULL },
	{ "fsync", prepare_fsync, block_fsync, finish_fsync },
	{ "stat", NULL, block_stat, NULL },
	{ "buffered", prepare_buffered, block_buffered, finish_buffered },
	{ "flock", prepare_flock, block_flock, finish_flock },
	{ 0 },
};

#include "operations.h"

#include <fcntl.h>
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
}

static void block_stat(void)
{
	struct stat status;
	int result = stat("data.txt", &status); /* EXPECT notice|error stat|stat64 category=metadata case=stat */

	REQUIRE(result == 0);
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
	{ "fsync", NULL, block_fsync, NULL },
	{ "stat", NULL, block_stat, NULL },
	{ "flock", prepare_flock, block_flock, finish_flock },
	{ 0 },
};

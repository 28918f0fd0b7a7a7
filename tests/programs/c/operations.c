/*
 * Each operation waits 50 ms at least, and checks what came of it: a result that is looked at also
 * keeps the compiler from making the call its function's last jump, which would leave no frame.
 */
#include "operations.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"
#include "loop.h"

#define COMPUTE_MS 200

static void block_nanosleep(void)
{
	int result = nanosleep(&wait_time, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=nanosleep */

	REQUIRE(result == 0);
}

static void block_usleep(void)
{
	int result = usleep(WAIT_MS * 1000); /* EXPECT error usleep|nanosleep|clock_nanosleep category=sleep case=usleep */

	REQUIRE(result == 0);
}

/* What Python before 3.11 sleeps by. */
static void block_select(void)
{
	struct timeval time = { .tv_usec = WAIT_MS * 1000 };
	int result = select(0, NULL, NULL, NULL, &time); /* EXPECT error select|__select category=sleep case=select */

	REQUIRE(result == 0);
}

static void block_getaddrinfo(void)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	const struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	char name[256];
	int result = getaddrinfo("localhost", "80", &hints, &found); /* EXPECT notice getaddrinfo category=dns case=getaddrinfo */

	REQUIRE(result == 0);
	freeaddrinfo(found);
	result = getnameinfo((const struct sockaddr *)&loopback, sizeof(loopback), name, sizeof(name), NULL, 0, 0); /* EXPECT notice getnameinfo category=dns case=getaddrinfo */
	REQUIRE(result == 0);
}

/* The processor's time, for others may have it meanwhile. */
static long used_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static void compute(void)
{
	long end = used_ms() + COMPUTE_MS;

	while (used_ms() < end)
		for (volatile unsigned i = 0; i < 1000000; i++) /* EXPECT error busy kind=long-turn case=compute */
			;
}

static const struct operation other_operations[] = {
	{ "nanosleep", NULL, block_nanosleep, NULL },
	{ "usleep", NULL, block_usleep, NULL },
	{ "select", NULL, block_select, NULL },
	{ "getaddrinfo", NULL, block_getaddrinfo, NULL },
	{ "compute", NULL, compute, NULL },
	{ "quiet", NULL, operation_quiet, NULL },
	{ 0 },
};

static const struct operation *const tables[] = { other_operations, file_operations,
						  descriptor_operations, lock_operations,
						  process_operations, mode_operations };

const struct operation *operation_at(unsigned number)
{
	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct operation *each = tables[i]; each->name; each++)
			if (number-- == 0)
				return each;
	return NULL;
}

const struct operation *operation_find(const char *name)
{
	const struct operation *operation;

	for (unsigned i = 0; (operation = operation_at(i)); i++)
		if (!strcmp(operation->name, name))
			return operation;
	return NULL;
}

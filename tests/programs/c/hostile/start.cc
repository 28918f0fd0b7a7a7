/* C++: what throws through libc, and what runs before main(). */
#include <cstdlib>
#include <future>
#include <mutex>

#include <ftw.h>
#include <sched.h>

extern "C" {
#include "hostile.h"
}

static void start_early(int, char **, char **)
{
	loop_and_block(4);
	write(1, "early\n", 6);
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(int, char **, char **) = start_early;

static void *run_in_constructor(void *unused)
{
	loop_and_block(4);
	return unused;
}

__attribute__((constructor(101))) static void construct()
{
	pthread_t thread;

	pthread_create(&thread, nullptr, run_in_constructor, nullptr);
	pthread_join(thread, nullptr);
}

__attribute__((destructor(101))) static void destruct()
{
	loop_and_block(4);
	write(1, "late\n", 5);
}

static int throws(const void *, const void *)
{
	throw 1;
}

static int visit(const char *, const struct stat *, int, struct FTW *)
{
	throw 2;
}

static void exceptions_through_libc()
{
	int numbers[] = { 2, 1 };
	std::once_flag flag;

	loop_and_block(8);
	for (int i = 0; i < 3; i++) {
		try {
			if (i == 0)
				qsort(numbers, 2, sizeof *numbers, throws);
			else if (i == 1)
				nftw("/", visit, 2, FTW_PHYS | FTW_MOUNT);
			else
				std::call_once(flag, [] { throw 3; });
		} catch (int number) {
			printf("caught %d\n", number);
		}
	}
	std::call_once(flag, [] { printf("once\n"); });
	loop_and_block(8);
}

static void exceptions_from_threads()
{
	auto later = std::async(std::launch::async, []() -> int {
		loop_and_block(8);
		throw 4;
	});

	try {
		later.get();
	} catch (int number) {
		printf("caught %d\n", number);
	}
}

static void *unwound(void *)
{
	try {
		loop_and_block(8);
		pthread_exit(nullptr);
	} catch (...) {
		printf("unwound\n");
		throw;
	}
	return nullptr;
}

static void forced_unwinding()
{
	pthread_t thread;

	pthread_create(&thread, nullptr, unwound, nullptr);
	pthread_join(thread, nullptr);
}

static const struct hostile_case cases[] = {
	{ "exceptions_through_libc", exceptions_through_libc },
	{ "exceptions_from_threads", exceptions_from_threads },
	{ "forced_unwinding", forced_unwinding },
};

HOSTILE_MAIN(cases)

/*
 * The test that runs while a finding is recorded, for test runners that name it in the environment
 * (PYTEST_CURRENT_TEST, YIELDSAN_TEST), and for those whose tests are functions on the stack of the
 * thread that made this one (libtest, GoogleTest, Catch2). A trace_test record states it for the
 * records after it.
 */
#ifndef RUNTIME_TRACE_CURRENT_TEST_H
#define RUNTIME_TRACE_CURRENT_TEST_H

#include <pthread.h>

/* Start-up: what is in the environment now was inherited. */
void current_test_init(void);

/*
 * Before a new finding is recorded. In a test run it reads the environment, by about eight system
 * calls, one of which (process_vm_readv) strict sandboxes of services forbid: elsewhere it does
 * not.
 */
void current_test_note(void);

/* The calling thread made this one. Remembers its stack, in a test run only. */
void current_test_thread_made(pthread_t thread);

/* Called in a forked child: its trace has no records yet. */
void current_test_forget(void);

#endif

/* The test that a whole process runs, from its command line. */
#ifndef REPORT_PROCESS_TEST_H
#define REPORT_PROCESS_TEST_H

struct process;
struct session;

/*
 * For cargo-nextest, a filter of GoogleTest, and tests of ctest and meson: their build directory,
 * around the executable or the report's own directory, lists commands by name. NULL if unknown.
 */
const char *process_test(struct session *session, const struct process *process);

#endif

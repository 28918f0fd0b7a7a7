/* Whether a test of a JUnit file is one that a finding names. */
#ifndef REPORT_JUNIT_TEST_NAME_H
#define REPORT_JUNIT_TEST_NAME_H

/*
 * 0: no. Else the higher, the surer: 1: the names end alike; 2: they are equal; 3: and the class is
 * named after the program, as cargo-nextest does. Runners write "::", "/" and " > " or dots between
 * the parts of a name.
 */
unsigned junit_test_match(const char *class, const char *name, const char *test,
			  const char *program);

#endif

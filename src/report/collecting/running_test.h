/* The test that ran when an event was recorded, named as its runner names it. */
#ifndef REPORT_RUNNING_TEST_H
#define REPORT_RUNNING_TEST_H

#include <stdint.h>

struct address_space;
struct finding;
struct process;

/*
 * "tests::visit", "tests/test_a.py::test_b", "Suite.Name", "delivers blocking"; NULL if unknown.
 * By the test's function on the finding's stacks, then what the runner put into the environment,
 * then the process. `record`: offset of the record that the finding was made from; 0: an event in
 * progress, for which the environment is not known.
 */
const char *running_test(struct address_space *space, const struct process *process,
			 const struct finding *seen, uint32_t record);

#endif

/* The tests in which a finding was seen, in words. */
#ifndef REPORT_TEST_WORDS_H
#define REPORT_TEST_WORDS_H

struct finding;
struct session;

/* "in test tests::visit"; "in tests a, b, c and 4 more"; NULL if none is known. */
const char *test_words(struct session *session, const struct finding *finding);

#endif

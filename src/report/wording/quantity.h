/* Numbers as people read them. */
#ifndef REPORT_QUANTITY_H
#define REPORT_QUANTITY_H

#include <stdint.h>

#define QUANTITY_SIZE 32

/* "850 us", "1.2 s", "3 min 20 s": three digits. Returns `text`. */
const char *quantity_duration(char text[QUANTITY_SIZE], uint64_t ns);

/* "1,234,567". Returns `text`. */
const char *quantity_count(char text[QUANTITY_SIZE], uint64_t count);

/* "1 thread", "3 threads": for words that take an s. Returns `text`, of at least 64 bytes. */
const char *quantity_of(char text[64], uint64_t count, const char *noun);

#endif

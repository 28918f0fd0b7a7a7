/* The part of a text that tells what was left out of it: suppressions, what the program
 * allows itself, and the baseline. */
#ifndef REPORT_TEXT_LEFT_OUT_H
#define REPORT_TEXT_LEFT_OUT_H

#include <stdio.h>

struct report;

void text_left_out_print(const struct report *report, FILE *out);

#endif

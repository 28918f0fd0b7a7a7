/* Lists what the text report omits: suppressed findings, regions that the program allows, and the
 * baseline. */
#ifndef REPORT_TEXT_LEFT_OUT_H
#define REPORT_TEXT_LEFT_OUT_H

#include <stdio.h>

struct report;

void text_left_out_print(const struct report *report, FILE *out);

#endif

/* Prints the analysis of a hang as text and as JSON. */
#ifndef REPORT_HANG_FORMATS_H
#define REPORT_HANG_FORMATS_H

#include <stdio.h>

struct hang;
struct hung_thread;
struct report;

/* Return 0 or -errno. `report` contains only this process. */
int hang_print_text(const struct hang *hang, const struct report *report, FILE *out);
int hang_print_json(const struct hang *hang, const struct report *report, FILE *out);

/* "in read on a pipe, for 3 s": without a newline. */
void hang_print_doing(const struct hung_thread *thread, FILE *out);

#endif

/* Stacks in the text report: one line for each frame of the program, all others folded. */
#ifndef REPORT_TEXT_STACK_H
#define REPORT_TEXT_STACK_H

#include <stdbool.h>
#include <stdio.h>

#include "report/frames/stack.h"

struct session;

/* `bold` and `plain` surround the frame to look at; empty without colour. */
void text_stack_print(struct session *session, const struct stack *stack, const char *bold,
		      const char *plain, FILE *out);

/* One line for a stack that follows another: "... 12 native frames of Python and libc.so.6". */
void text_stack_print_folded(const struct stack *stack, FILE *out);

#endif

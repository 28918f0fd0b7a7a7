/* Stacks in the text report: one line for each frame of the program, all others folded. */
#ifndef REPORT_TEXT_STACK_H
#define REPORT_TEXT_STACK_H

#include <stdbool.h>
#include <stdio.h>

#include "report/frames/stack.h"

struct session;
struct text_style;

/* With `style->full` all frames. `source`: the marked frame's line of the source below it. */
void text_stack_print(struct session *session, const struct stack *stack,
		      const struct text_style *style, bool source, FILE *out);

/* One line for a stack that follows another: "... 12 native frames of Python and libc.so.6". */
void text_stack_print_folded(const struct stack *stack, FILE *out);

#endif

/*
 * The lines of JavaScript frames that were read from V8's heap, which shows only where a function
 * begins: V8 keeps no table of lines for code that has not asked for one. The source shows the line
 * if the function contains one call of what was called.
 */
#ifndef REPORT_COLLECTING_CALL_LINE_H
#define REPORT_COLLECTING_CALL_LINE_H

struct finding_stack;
struct session;

/* Corrects the lines of the program's own frames in a copy of the stack's script. */
void call_lines_find(struct session *session, struct finding_stack *stack);

#endif

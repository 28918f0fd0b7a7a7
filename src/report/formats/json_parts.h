/* Parts of JSON documents that several formats share. */
#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include <jansson.h>
#include <stdint.h>

#include "report/frames/stack.h"
#include "report/tasks/tasks.h"

/* Clamps to the largest JSON integer here, 2^63 - 1. */
json_t *json_of_number(uint64_t value);

/* Nothing for NULL. */
void json_set_text(json_t *object, const char *name, const char *value);

json_t *json_of_executor(uint32_t family, const char *name);

/* An array of frames, innermost first. */
json_t *json_of_stack(const struct stack *stack);

/* An array of groups. */
json_t *json_of_tasks(const struct process_tasks *tasks);

#endif

/* The elements of a container in memory, one after the other. All that is read is doubted. */
#ifndef SHARED_LAYOUT_ELEMENTS_H
#define SHARED_LAYOUT_ELEMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/layout.h"

#define LAYOUT_MAX_ELEMENTS 4096 /* of more, those behind are not looked at */

struct layout_elements {
	const struct layout_sequence *sequence;
	uint64_t at;   /* the present one; 0: none */
	uint64_t left; /* that may be, after this */
};

/* A word of memory; false where nothing can be read. */
typedef bool layout_read_word(void *reader, uint64_t address, uint64_t *word);

/* Of a value in a container, in a machine at `machine`: the first. False when there is none. */
static inline bool layout_elements_begin(struct layout_elements *elements,
					 const struct layout *layout,
					 const struct layout_value *value, uint64_t machine,
					 layout_read_word *read, void *reader)
{
	const struct layout_sequence *sequence = &layout->sequences[value->sequence];
	uint64_t length = LAYOUT_MAX_ELEMENTS;

	*elements = (struct layout_elements){ .sequence = sequence };
	if (!read(reader, machine + value->box, &elements->at) || !elements->at)
		return false;
	if (sequence->length != LAYOUT_NONE &&
	    (!read(reader, machine + sequence->length, &length) || !length))
		return false;
	elements->left = (length < LAYOUT_MAX_ELEMENTS ? length : LAYOUT_MAX_ELEMENTS) - 1;
	return true;
}

static inline bool layout_elements_next(struct layout_elements *elements, layout_read_word *read,
					void *reader)
{
	const struct layout_sequence *sequence = elements->sequence;

	if (!elements->left)
		return false;
	elements->left--;
	if (sequence->length != LAYOUT_NONE)
		elements->at += sequence->stride;
	else if (!read(reader, elements->at + sequence->stride, &elements->at))
		return false;
	return elements->at != 0;
}

/* Where the value lies that belongs to the present element; 0: it cannot be read. */
static inline uint64_t layout_elements_value(const struct layout_elements *elements,
					     const struct layout_value *value,
					     layout_read_word *read, void *reader)
{
	uint64_t from = elements->at;

	if (elements->sequence->inner != LAYOUT_NONE &&
	    (!read(reader, from + elements->sequence->inner, &from) || !from))
		return 0;
	return from + value->offset;
}

#endif

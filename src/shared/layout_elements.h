/* Iterates over the elements of a container in memory. Every value is checked. */
#ifndef SHARED_LAYOUT_ELEMENTS_H
#define SHARED_LAYOUT_ELEMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/layout.h"

#define LAYOUT_MAX_ELEMENTS 4096 /* further elements are ignored */

struct layout_elements {
	const struct layout_sequence *sequence;
	uint64_t at;   /* the current element; 0: none */
	uint64_t left; /* maximum number after this one */
};

/* Reads a word of memory; false if it cannot be read. */
typedef bool layout_read_word(void *reader, uint64_t address, uint64_t *word);

/*
 * The first element for a value in a container, in a machine at `machine`. False if there is none.
 */
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
	if (sequence->ends) {
		if (length <= elements->at)
			return false;
		length = (length - elements->at) / sequence->stride;
		if (!length)
			return false;
	}
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

/* The address of the value in the current element; 0: it cannot be read. */
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

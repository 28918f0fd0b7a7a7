/* Validates records of a trace: the sizes each type must have. */
#ifndef REPORT_TRACE_RECORDS_H
#define REPORT_TRACE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

enum trace_record_state {
	TRACE_RECORD_GOOD,
	TRACE_RECORD_OTHER, /* of an unknown type, or unfinished: skip */
	TRACE_RECORD_BAD,   /* no record begins here */
};

/* `left`: bytes from here to the end, a multiple of TRACE_ALIGN and not 0. */
enum trace_record_state trace_record_check(const void *bytes, size_t left, uint32_t *type,
					   size_t *size);

#endif

#include "limits.h"

#include "shared/options.h"

struct limits limits_of(const struct options *options)
{
	return (struct limits){
		.wait_ns = options->wait_error_us * UINT64_C(1000),
		.disk_ns = options->disk_error_us * UINT64_C(1000),
		.turn_warning_ns = options->long_turn_warning_us * UINT64_C(1000),
		.turn_error_ns = options->long_turn_error_us * UINT64_C(1000),
	};
}

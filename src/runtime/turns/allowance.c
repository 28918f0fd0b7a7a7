#include "allowance.h"

#include <stdint.h>
#include <string.h>

#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "turn.h"
#include "turn_times.h"

#define REASONS 128 /* of one process */

static uint32_t records[REASONS]; /* offsets, in order of first use; 0 ends them */

static bool is_open(void)
{
	return this_thread.allowances_open &&
	       this_thread.allowances[this_thread.allowances_open <= NESTED_ALLOWANCES
					      ? this_thread.allowances_open - 1
					      : NESTED_ALLOWANCES - 1];
}

/* The turn's clock stands still while a region is open. */
static void allowance_stop_clock(bool was_open)
{
	if (is_open() == was_open)
		return;
	if (!was_open) {
		this_thread.allowance_turn = this_thread.turn;
		this_thread.allowance_ticks = this_thread.allowance_turn
						      ? turn_times_stop(this_thread.allowance_turn)
						      : 0;
	} else if (this_thread.allowance_turn && this_thread.allowance_turn == this_thread.turn) {
		turn_times_resume(this_thread.allowance_turn, this_thread.allowance_ticks);
	}
}

/* NULL: blocking is not allowed in this region, though it is around it. */
static void allowance_open(const char *reason)
{
	bool was_open = is_open();

	if (this_thread.vforked || this_thread.dead)
		return;
	if (this_thread.allowances_open < NESTED_ALLOWANCES)
		this_thread.allowances[this_thread.allowances_open] = reason;
	this_thread.allowances_open++;
	allowance_stop_clock(was_open);
}

void allowance_begin(const char *reason)
{
	OWN_CODE_SCOPE;

	allowance_open(reason ? reason : "");
}

void allowance_forbid(void)
{
	OWN_CODE_SCOPE;

	allowance_open(NULL);
}

void allowance_end(void)
{
	bool was_open = is_open();
	OWN_CODE_SCOPE;

	if (this_thread.vforked || this_thread.dead || !this_thread.allowances_open)
		return;
	this_thread.allowances_open--;
	allowance_stop_clock(was_open);
}

bool allowance_is_open(void)
{
	return is_open();
}

static bool is_for(uint32_t offset, const char *reason)
{
	const struct trace_allowance *record = trace_at(offset);

	return !strncmp(record->reason, reason, sizeof record->reason - 1);
}

static uint32_t allowance_write_record(const char *reason)
{
	struct trace_allowance *record = trace_allocate(sizeof *record);

	if (!record)
		return 0;
	for (size_t i = 0; i < sizeof record->reason - 1 && reason[i]; i++)
		record->reason[i] = reason[i];
	trace_publish(record, RECORD_ALLOWANCE);
	return trace_offset(record);
}

/* If two threads both write a record, the report adds them up. */
static struct trace_allowance *allowance_find_record(const char *reason)
{
	uint32_t offset, made = 0;

	for (unsigned i = 0; i < REASONS; i++) {
		offset = __atomic_load_n(&records[i], __ATOMIC_ACQUIRE);
		if (!offset) {
			if (!made)
				made = allowance_write_record(reason);
			if (!made)
				return NULL;
			if (__atomic_compare_exchange_n(&records[i], &offset, made, false,
							__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
				return trace_at(made);
		}
		if (is_for(offset, reason))
			return trace_at(offset);
	}
	return NULL;
}

bool allowance_take(void)
{
	struct trace_allowance *record;

	if (LIKELY(!this_thread.allowances_open) || !is_open())
		return false;
	record = allowance_find_record(
		this_thread.allowances[this_thread.allowances_open <= NESTED_ALLOWANCES
					       ? this_thread.allowances_open - 1
					       : NESTED_ALLOWANCES - 1]);
	if (record)
		__atomic_fetch_add(&record->events, 1, __ATOMIC_RELAXED);
	else
		trace_lose_event();
	return true;
}

void allowance_forget(void)
{
	memory_zero(records, sizeof records);
}

/* Values through which tasks of Tokio wait for each other, and where Tokio keeps its wakers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout_build.h"
#include "shared/pattern.h"
#include "shared/text.h"

#define MAX_PARTS_DEPTH 10
#define SEMAPHORE	"tokio::sync::batch_semaphore::Semaphore"
#define HEADER		"tokio::runtime::task::core::Header"
#define CHANNEL		"tokio::sync::mpsc::chan::Chan<"
#define ONESHOT		"tokio::sync::oneshot::Inner<"
#define BROADCAST	"tokio::sync::broadcast::Shared<"
#define WATCH		"tokio::sync::watch::Shared<"
#define LIST		"tokio::util::linked_list::LinkedList<"
#define RAW_WAKER	"core::task::wake::RawWaker"

/* The start of a type's name, and of the name of the object that it leads to. */
static const struct {
	const char *type, *object;
	enum layout_end_kind kind;
} ends[] = {
	{ "tokio::sync::mutex::MutexGuard<", SEMAPHORE, END_MUTEX_GUARD },
	{ "tokio::sync::mutex::MappedMutexGuard<", SEMAPHORE, END_MUTEX_GUARD },
	{ "tokio::sync::mutex::OwnedMutexGuard<", SEMAPHORE, END_MUTEX_GUARD },
	{ "tokio::sync::mutex::OwnedMappedMutexGuard<", SEMAPHORE, END_MUTEX_GUARD },
	{ "tokio::sync::rwlock::read_guard::", SEMAPHORE, END_READ_GUARD },
	{ "tokio::sync::rwlock::owned_read_guard::", SEMAPHORE, END_READ_GUARD },
	{ "tokio::sync::rwlock::write_guard::", SEMAPHORE, END_WRITE_GUARD },
	{ "tokio::sync::rwlock::write_guard_mapped::", SEMAPHORE, END_WRITE_GUARD },
	{ "tokio::sync::rwlock::owned_write_guard::", SEMAPHORE, END_WRITE_GUARD },
	{ "tokio::sync::rwlock::owned_write_guard_mapped::", SEMAPHORE, END_WRITE_GUARD },
	{ "tokio::sync::semaphore::SemaphorePermit", SEMAPHORE, END_PERMIT },
	{ "tokio::sync::semaphore::OwnedSemaphorePermit", SEMAPHORE, END_PERMIT },
	{ "tokio::sync::batch_semaphore::Acquire", SEMAPHORE, END_ACQUIRE },
	{ "tokio::runtime::task::join::JoinHandle<", HEADER, END_JOIN },
	{ "tokio::sync::mpsc::bounded::Sender<", CHANNEL, END_SENDER },
	{ "tokio::sync::mpsc::unbounded::UnboundedSender<", CHANNEL, END_SENDER },
	{ "tokio::sync::mpsc::bounded::Receiver<", CHANNEL, END_RECEIVER },
	{ "tokio::sync::mpsc::unbounded::UnboundedReceiver<", CHANNEL, END_RECEIVER },
	{ "tokio::sync::oneshot::Sender<", ONESHOT, END_ONESHOT_SENDER },
	{ "tokio::sync::oneshot::Receiver<", ONESHOT, END_ONESHOT_RECEIVER },
	{ "tokio::sync::broadcast::Sender<", BROADCAST, END_BROADCAST_SENDER },
	{ "tokio::sync::watch::Sender<", WATCH, END_WATCH_SENDER },
};

#define ENDS (sizeof ends / sizeof *ends)

static size_t end_kind_of_name(const char *name)
{
	size_t i = 0;

	while (i < ENDS && !text_begins(name, ends[i].type))
		i++;
	return i;
}

bool layout_is_end(const char *name)
{
	return text_begins(name, "tokio::") && end_kind_of_name(name) < ENDS;
}

bool layout_find_part(struct layout_builder *builder, Dwarf_Die *whole, const char *name,
		      uint64_t *offset, Dwarf_Die *part, int depth)
{
	Dwarf_Die child, type;
	int tag = dwarf_tag(whole);

	if (depth > MAX_PARTS_DEPTH)
		return false;
	if (tag == DW_TAG_structure_type || tag == DW_TAG_union_type) {
		if (!types_resolve(&builder->types, whole))
			return false;
		if (text_begins(types_name(&builder->types, whole), name)) {
			*part = *whole;
			return true;
		}
	} else if (tag != DW_TAG_variant_part && tag != DW_TAG_variant) {
		return false;
	}
	DIE_FOR_EACH_CHILD(child, whole)
	{
		uint64_t at = *offset;

		tag = dwarf_tag(&child);
		if (tag == DW_TAG_member && !die_flag(&child, DW_AT_artificial) &&
		    die_reference(&child, DW_AT_type, &type)) {
			at += die_number(&child, DW_AT_data_member_location, 0);
			if (layout_find_part(builder, &type, name, &at, part, depth + 1)) {
				*offset = at;
				return true;
			}
		} else if ((tag == DW_TAG_variant_part || tag == DW_TAG_variant) &&
			   layout_find_part(builder, &child, name, &at, part, depth + 1)) {
			*offset = at;
			return true;
		}
	}
	return false;
}

/* Finds a pointer to an object that has a part of that type. */
static bool end_find_pointer(struct layout_builder *builder, Dwarf_Die *whole, const char *name,
			     struct layout_end *end, uint64_t offset, Dwarf_Die *part, int depth)
{
	Dwarf_Die child, type;
	int tag = dwarf_tag(whole);

	if (depth > MAX_PARTS_DEPTH)
		return false;
	if (tag == DW_TAG_pointer_type) {
		uint64_t object = 0;

		if (!die_reference(whole, DW_AT_type, &type) ||
		    !layout_find_part(builder, &type, name, &object, part, 0))
			return false;
		end->pointer = (uint32_t)offset;
		end->object = (uint32_t)object;
		return true;
	}
	if ((tag != DW_TAG_structure_type && tag != DW_TAG_variant_part && tag != DW_TAG_variant) ||
	    !types_resolve(&builder->types, whole))
		return false;
	DIE_FOR_EACH_CHILD(child, whole)
	{
		uint64_t at = offset + die_number(&child, DW_AT_data_member_location, 0);

		tag = dwarf_tag(&child);
		if (tag == DW_TAG_member && !die_flag(&child, DW_AT_artificial) &&
		    die_reference(&child, DW_AT_type, &type)) {
			if (end_find_pointer(builder, &type, name, end, at, part, depth + 1))
				return true;
		} else if ((tag == DW_TAG_variant_part || tag == DW_TAG_variant) &&
			   end_find_pointer(builder, &child, name, end, offset, part, depth + 1)) {
			return true;
		}
	}
	return false;
}

/* The offset of a member; LAYOUT_NONE. */
static uint32_t member_at(struct layout_builder *builder, const Dwarf_Die *of, const char *name,
			  Dwarf_Die *type)
{
	Dwarf_Die whole = *of, member;

	if (!types_resolve(&builder->types, &whole))
		return LAYOUT_NONE;
	DIE_FOR_EACH_CHILD(member, &whole)
	if (dwarf_tag(&member) == DW_TAG_member && !strcmp(die_name(&member), name) &&
	    die_reference(&member, DW_AT_type, type))
		return (uint32_t)die_number(&member, DW_AT_data_member_location, 0);
	return LAYOUT_NONE;
}

/* The offset of a part in a member, or of a member of that part. */
static uint32_t part_at(struct layout_builder *builder, const Dwarf_Die *of, const char *member,
			const char *part, const char *inner)
{
	Dwarf_Die type, found, unused;
	uint64_t offset = 0;
	uint32_t at = member_at(builder, of, member, &type), inside = 0;

	if (at == LAYOUT_NONE || !layout_find_part(builder, &type, part, &offset, &found, 0))
		return LAYOUT_NONE;
	if (inner)
		inside = member_at(builder, &found, inner, &unused);
	return inside == LAYOUT_NONE ? LAYOUT_NONE : at + (uint32_t)offset + inside;
}

static uint32_t layout_waker_at(struct layout_builder *builder, const Dwarf_Die *of,
				const char *member)
{
	return part_at(builder, of, member, RAW_WAKER, "data");
}

static void describe_channel(struct layout_builder *builder, const Dwarf_Die *channel,
			     struct layout_end *end)
{
	Dwarf_Die unused;

	end->semaphore = part_at(builder, channel, "semaphore", SEMAPHORE, NULL);
	end->waker = layout_waker_at(builder, channel, "rx_waker");
	end->state = member_at(builder, channel, "tx_count", &unused);
	end->weak = member_at(builder, channel, "tx_weak_count", &unused);
}

static void describe_oneshot(struct layout_builder *builder, const Dwarf_Die *inner,
			     struct layout_end *end)
{
	Dwarf_Die unused;

	end->waker = layout_waker_at(builder, inner, "rx_task");
	end->state = member_at(builder, inner, "state", &unused);
}

static bool definition_named(struct layout_builder *builder, const char *name, Dwarf_Die *die)
{
	const struct named_die *known = types_named(builder->types.definitions, name);

	if (known)
		*die = known->die;
	return known;
}

static void describe_waiter(struct layout_builder *builder, const char *name,
			    struct layout_end *end)
{
	Dwarf_Die waiter;

	if (!definition_named(builder, name, &waiter))
		return;
	end->list_next = part_at(builder, &waiter, "pointers",
				 "tokio::util::linked_list::PointersInner<", "next");
	end->list_waker = layout_waker_at(builder, &waiter, "waker");
}

static void describe_broadcast(struct layout_builder *builder, const Dwarf_Die *shared,
			       struct layout_end *end)
{
	Dwarf_Die unused;

	end->state = member_at(builder, shared, "num_tx", &unused);
	end->weak = member_at(builder, shared, "num_weak_tx", &unused);
	end->list = part_at(builder, shared, "tail", LIST, "head");
	end->lists = 1;
	describe_waiter(builder, "tokio::sync::broadcast::Waiter", end);
}

/* Its receivers wait for one of several Notify, in newer versions. */
static void describe_watch(struct layout_builder *builder, const Dwarf_Die *shared,
			   struct layout_end *end)
{
	Dwarf_Die notify, array;
	uint32_t at = member_at(builder, shared, "notify_rx", &notify), inner, list;

	end->state = member_at(builder, shared, "ref_count_tx", &array);
	end->lists = 1;
	inner = at == LAYOUT_NONE ? at : member_at(builder, &notify, "inner", &array);
	if (inner != LAYOUT_NONE && dwarf_tag(&array) == DW_TAG_array_type) {
		if (!die_reference(&array, DW_AT_type, &notify) ||
		    !types_resolve(&builder->types, &notify) || !die_size(&notify))
			return;
		at += inner;
		end->list_stride = (uint32_t)die_size(&notify);
		end->lists = (uint32_t)(die_size(&array) / end->list_stride);
	}
	list = at == LAYOUT_NONE ? at : part_at(builder, &notify, "waiters", LIST, "head");
	end->list = list == LAYOUT_NONE ? list : at + list;
	describe_waiter(builder, "tokio::sync::notify::Waiter", end);
}

/* The most permits of a lock: a member of the lock, beside its semaphore. */
static uint32_t maximum_of(struct layout_builder *builder, const char *guard)
{
	const char *argument = strchr(guard, '<');
	const struct named_die *lock;
	Dwarf_Die type;
	uint32_t most, semaphore;
	size_t length;
	char *name;

	if (!argument)
		return LAYOUT_NONE;
	/* A mapped guard has a second argument. */
	length = strcspn(argument, ",>");
	if (argument[length] == '>')
		length = strlen(argument) - 1;
	if (asprintf(&name, "tokio::sync::rwlock::RwLock%.*s>", (int)length, argument) < 0)
		memory_exhausted();
	lock = types_named(builder->types.definitions, name);
	free(name);
	if (!lock)
		return LAYOUT_NONE;
	most = member_at(builder, &lock->die, "mr", &type);
	semaphore = member_at(builder, &lock->die, "s", &type);
	return most == LAYOUT_NONE || semaphore == LAYOUT_NONE ? LAYOUT_NONE : most - semaphore;
}

uint32_t layout_add_end(struct layout_builder *builder, Dwarf_Die *type)
{
	const char *name = types_name(&builder->types, type);
	struct layout_end end = { 0 };
	uint32_t count = (uint32_t)builder->counts[LAYOUT_ENDS];
	size_t known = end_kind_of_name(name);
	Dwarf_Die object, unused;

	if (known == ENDS)
		return LAYOUT_NONE;
	end.kind = ends[known].kind;
	end.count = end.maximum = end.semaphore = end.waker = end.state = end.weak = LAYOUT_NONE;
	end.list = end.list_next = end.list_waker = LAYOUT_NONE;
	if (!end_find_pointer(builder, type, ends[known].object, &end, 0, &object, 0))
		return LAYOUT_NONE;
	if (end.kind == END_SENDER || end.kind == END_RECEIVER)
		describe_channel(builder, &object, &end);
	if (end.kind == END_ONESHOT_SENDER || end.kind == END_ONESHOT_RECEIVER)
		describe_oneshot(builder, &object, &end);
	if (end.kind == END_BROADCAST_SENDER)
		describe_broadcast(builder, &object, &end);
	if (end.kind == END_WATCH_SENDER)
		describe_watch(builder, &object, &end);
	if (end.kind == END_WRITE_GUARD)
		end.count = member_at(builder, type, "permits_acquired", &unused);
	if (end.kind == END_READ_GUARD || end.kind == END_WRITE_GUARD)
		end.maximum = maximum_of(builder, name);
	for (uint32_t i = 0; i < count; i++)
		if (!memcmp(&builder->ends[i], &end, sizeof end))
			return i;
	*LAYOUT_ADD(builder, ends, LAYOUT_ENDS) = end;
	return count;
}

/* The type of the future in a MaybeDone: the only member of its first variant. */
static bool done_future(struct layout_builder *builder, Dwarf_Die *whole, Dwarf_Die *future)
{
	Dwarf_Die part, variant, member, inside;

	if (!types_resolve(&builder->types, whole))
		return false;
	DIE_FOR_EACH_CHILD(part, whole)
	{
		if (dwarf_tag(&part) != DW_TAG_variant_part)
			continue;
		DIE_FOR_EACH_CHILD(variant, &part)
		{
			if (dwarf_tag(&variant) != DW_TAG_variant ||
			    dwarf_child(&variant, &member) || strcmp(die_name(&member), "Future") ||
			    !die_reference(&member, DW_AT_type, &inside) ||
			    !types_resolve(&builder->types, &inside))
				continue;
			DIE_FOR_EACH_CHILD(member, &inside)
			if (dwarf_tag(&member) == DW_TAG_member)
				return die_reference(&member, DW_AT_type, future);
		}
	}
	return false;
}

/* Futures that a closure may poll: machines, ends of waits, and tuples of them. */
static bool is_waitable(struct layout_builder *builder, Dwarf_Die *type, int depth)
{
	const char *name = types_name(&builder->types, type);
	Dwarf_Die child, of;
	bool any = false;

	if (type_is_machine(die_name(type)) || layout_is_end(name))
		return true;
	if (text_begins(name, "tokio::future::maybe_done::MaybeDone<") ||
	    text_begins(name, "futures_util::future::maybe_done::MaybeDone<"))
		return depth <= MAX_PARTS_DEPTH && done_future(builder, type, &of) &&
		       is_waitable(builder, &of, depth + 1);
	if (*name != '(' || depth > MAX_PARTS_DEPTH || !types_resolve(&builder->types, type))
		return false;
	DIE_FOR_EACH_CHILD(child, type)
	if (dwarf_tag(&child) == DW_TAG_member) {
		if (!die_reference(&child, DW_AT_type, &of) ||
		    !is_waitable(builder, &of, depth + 1))
			return false;
		any = true;
	}
	return any;
}

/* A variable that a closure has: a number, or a reference to such futures. */
static bool is_polled_or_plain(struct layout_builder *builder, Dwarf_Die *type, int depth)
{
	Dwarf_Die of, child;

	switch (dwarf_tag(type)) {
	case DW_TAG_base_type:
		return true;
	case DW_TAG_pointer_type:
		/* Older macros have a reference to a reference. */
		return die_reference(type, DW_AT_type, &of) &&
		       (dwarf_tag(&of) != DW_TAG_pointer_type ||
			die_reference(&of, DW_AT_type, &of)) &&
		       (dwarf_tag(&of) == DW_TAG_base_type || is_waitable(builder, &of, 0));
	case DW_TAG_structure_type:
		break;
	default:
		return false;
	}
	if (depth > MAX_PARTS_DEPTH || !types_resolve(&builder->types, type))
		return false;
	DIE_FOR_EACH_CHILD(child, type)
	{
		if (dwarf_tag(&child) == DW_TAG_variant_part)
			return false;
		if (dwarf_tag(&child) == DW_TAG_member &&
		    (!die_reference(&child, DW_AT_type, &of) ||
		     !is_polled_or_plain(builder, &of, depth + 1)))
			return false;
	}
	return true;
}

bool layout_waits_only(struct layout_builder *builder, Dwarf_Die *type)
{
	Dwarf_Die whole = *type, closure;

	return text_begins(types_name(&builder->types, type), "core::future::poll_fn::PollFn<") &&
	       member_at(builder, &whole, "f", &closure) != LAYOUT_NONE &&
	       is_polled_or_plain(builder, &closure, 0);
}

struct layout_tokio layout_tokio(struct layout_builder *builder)
{
	struct layout_tokio tokio;
	Dwarf_Die header, trailer, waker, semaphore, waiter, acquire, unused, number;
	uint32_t data, vtable, words[sizeof tokio / sizeof(uint32_t)];

	memset(&tokio, 0xff, sizeof tokio);
	if (!definition_named(builder, HEADER, &header) ||
	    !definition_named(builder, "tokio::runtime::task::core::Trailer", &trailer) ||
	    !definition_named(builder, RAW_WAKER, &waker) ||
	    !definition_named(builder, SEMAPHORE, &semaphore) ||
	    !definition_named(builder, "tokio::sync::batch_semaphore::Waiter", &waiter) ||
	    !definition_named(builder, "tokio::sync::batch_semaphore::Acquire", &acquire))
		return tokio;
	data = member_at(builder, &waker, "data", &unused);
	vtable = member_at(builder, &waker, "vtable", &unused);
	if (data == LAYOUT_NONE || vtable == LAYOUT_NONE)
		return tokio;
	tokio = (struct layout_tokio){
		.owner = member_at(builder, &header, "owner_id", &unused),
		.joiner = layout_waker_at(builder, &trailer, "waker"),
		.waker_vtable = vtable - data,
		.permits = member_at(builder, &semaphore, "permits", &unused),
		.queue = part_at(builder, &semaphore, "waiters", LIST, "head"),
		.waiter_next = part_at(builder, &waiter, "pointers",
				       "tokio::util::linked_list::PointersInner<", "next"),
		.waiter_waker = layout_waker_at(builder, &waiter, "waker"),
		.waiter_state = member_at(builder, &waiter, "state", &unused),
		.acquire_node = member_at(builder, &acquire, "node", &unused),
		.acquire_count = member_at(builder, &acquire, "num_permits", &number),
	};
	if (tokio.acquire_count != LAYOUT_NONE)
		tokio.acquire_size = (uint32_t)die_size(&number);
	memcpy(words, &tokio, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i] == LAYOUT_NONE)
			memset(&tokio, 0xff, sizeof tokio);
	return tokio;
}

"""Tasks of asyncio for tests/python_tasks.py: `rings' has tasks that wait for each other, `open' has some that only seem to,
`many N' has N healthy ones. Writes what Python knows of all tasks into the file, then prints "ready" and goes on.

usage: asyncio_tasks.py FILE [--uvloop] rings | open | many N
"""
import asyncio
import collections
import json
import os
import sys
import threading
import time

HOUR = 3600
kept = []


class Tasks:
    """By name; each waits for others by name."""

    def __init__(self, **functions):
        self.tasks = {}
        for name, function in functions.items():
            self.tasks[name] = asyncio.get_running_loop().create_task(function(self))
        kept.append(self)

    def __getitem__(self, name):
        return self.tasks[name]


def waits_for(name):
    async def awaits(tasks):
        await tasks[name]

    return awaits


def gathers(*names):
    async def gathers_them(tasks):
        await asyncio.gather(*(tasks[name] for name in names))

    return gathers_them


async def shields_first(tasks):
    await asyncio.shield(tasks["second"])


async def shields_itself(_tasks):
    await asyncio.shield(asyncio.current_task())


async def waits_for_a_set(tasks):
    await asyncio.wait([tasks["second"]])


async def in_a_group():
    async with asyncio.TaskGroup() as group:
        tasks = Tasks()
        tasks.tasks["one"] = group.create_task(waits_for("other")(tasks))
        tasks.tasks["other"] = group.create_task(waits_for("one")(tasks))


def start_rings():
    """Returns how many tasks each ring has."""
    Tasks(one=waits_for("other"), other=waits_for("one"))
    Tasks(a=waits_for("b"), b=waits_for("c"), c=waits_for("a"), late=waits_for("b"))
    Tasks(all=gathers("x", "y"), x=waits_for("all"), y=waits_for("all"))
    Tasks(alone=shields_itself)
    Tasks(first=shields_first, second=waits_for("first"))
    Tasks(first=waits_for_a_set, second=waits_for("first"))
    kept.append(asyncio.create_task(in_a_group()))
    return [1, 2, 2, 2, 2, 3, 3]


def start_open():
    loop = asyncio.get_running_loop()

    async def under_a_timeout(tasks):
        async with asyncio.timeout(HOUR):
            await tasks["other"]

    async def wait_for(tasks):
        await asyncio.wait_for(tasks["other"], HOUR)

    async def wait_for_shielded(tasks):
        await asyncio.wait_for(asyncio.shield(tasks["other"]), HOUR)

    for limited in under_a_timeout, wait_for, wait_for_shielded:
        Tasks(one=limited, other=waits_for("one"))
    later = Tasks(one=waits_for("other"), other=waits_for("one"))
    loop.call_later(HOUR, later["one"].cancel)
    closure = Tasks(one=waits_for("other"), other=waits_for("one"))["one"]
    loop.call_later(HOUR, lambda: closure.cancel())

    async def supervises(_tasks):
        mine = Tasks(one=waits_for("other"), other=waits_for("one"))["one"]
        await asyncio.sleep(HOUR)
        mine.cancel()

    async def waits_with_a_limit(_tasks):
        mine = Tasks(one=waits_for("other"), other=waits_for("one"))
        _, pending = await asyncio.wait(list(mine.tasks.values()), timeout=HOUR)
        for task in pending:
            task.cancel()

    async def group_with_a_child(_tasks):
        async with asyncio.TaskGroup() as group:
            tasks = Tasks()
            tasks.tasks["one"] = group.create_task(waits_for("other")(tasks))
            tasks.tasks["other"] = group.create_task(waits_for("one")(tasks))
            group.create_task(asyncio.sleep(HOUR))

    async def cancels_what_it_gathers(_tasks):
        gathered = asyncio.gather(*Tasks(one=waits_for("other"), other=waits_for("one")).tasks.values())
        await asyncio.sleep(HOUR)
        gathered.cancel()

    async def gathers_a_future(tasks):
        await asyncio.gather(tasks["other"], kept[0])

    async def event(_tasks):
        await asyncio.Event().wait()

    async def waits_for_event(tasks):
        await asyncio.gather(tasks["event"], tasks["chain"])

    class CancelsAtTheEnd(asyncio.Protocol):
        def __init__(self, task):
            self.task = task

        def connection_lost(self, _error):
            self.task.cancel()

    async def of_a_connection(_tasks):
        import socket
        one, other = socket.socketpair()
        mine = Tasks(one=waits_for("other"), other=waits_for("one"))
        kept.append(await loop.connect_accepted_socket(lambda: CancelsAtTheEnd(mine["one"]), one))
        kept.append(other)

    kept.insert(0, loop.create_future())
    Tasks(supervises=supervises)
    Tasks(limit=waits_with_a_limit)
    Tasks(group=group_with_a_child)
    Tasks(connection=of_a_connection)
    Tasks(cancels=cancels_what_it_gathers)
    Tasks(one=gathers_a_future, other=waits_for("one"))
    Tasks(event=event, chain=waits_for("event"), all=waits_for_event)
    tasks = Tasks()

    async def asked_for_by_a_thread():
        tasks.tasks["one"] = asyncio.current_task()
        tasks.tasks["other"] = asyncio.create_task(waits_for("one")(tasks))
        await tasks["other"]

    threading.Thread(target=lambda: kept.append(asyncio.run_coroutine_threadsafe(asked_for_by_a_thread(), loop))).start()
    return []


async def start_many(count):
    """Tasks that wait for what healthy tasks wait for; some come and go meanwhile."""
    loop = asyncio.get_running_loop()
    lock, queue, semaphore, condition = asyncio.Lock(), asyncio.Queue(), asyncio.Semaphore(0), asyncio.Condition()
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    kept.extend((server, writer))
    await lock.acquire()

    async def waits_for_condition():
        async with condition:
            await condition.wait()

    async def numbers():
        yield 1
        await asyncio.sleep(HOUR)

    async def iterates():
        async for _ in numbers():
            pass

    async def locked():
        async with lock:
            pass

    async def short():
        await asyncio.sleep(0.002)

    async def comes_and_goes():
        while True:
            await asyncio.create_task(short())

    kinds = [lambda: asyncio.sleep(HOUR), locked, queue.get, semaphore.acquire, waits_for_condition, iterates,
             lambda: loop.create_future(), lambda: asyncio.wait_for(asyncio.Event().wait(), HOUR),
             lambda: asyncio.to_thread(threading.Event().wait, HOUR) if len(kept) < 20 else asyncio.sleep(HOUR)]

    async def of_kind(kind):
        await kind()

    kept.append(asyncio.create_task(reader.read()))
    for number in range(count):
        kept.append(asyncio.create_task(of_kind(kinds[number % len(kinds)])))
        if number % 10 == 0:
            kept.append(asyncio.create_task(waits_for("task")({"task": kept[-1]})))
    kept.append(asyncio.create_task(comes_and_goes()))
    return []


def chain_of(task):
    """As in the report: function and line, from the task inwards, of coroutines of this file."""
    chain, coroutine = [], task.get_coro()
    while getattr(coroutine, "cr_frame", None):
        if coroutine.cr_code.co_filename == __file__:
            chain.append((coroutine.__qualname__, coroutine.cr_frame.f_lineno))
        coroutine = coroutine.cr_await
    return chain


async def main(file, how, count=0):
    starts = {"rings": start_rings, "open": start_open, "blocks": list, "naps": list}
    rings = starts[how]() if how in starts else await start_many(int(count))
    await asyncio.sleep(0.3)
    tasks = asyncio.all_tasks()
    chains = collections.Counter(json.dumps(chain_of(task)) for task in tasks if task is not asyncio.current_task())
    with open(file, "w", encoding="utf-8") as out:
        json.dump({"tasks": len(tasks), "rings": rings, "chains": [[json.loads(chain), number] for chain, number in chains.items()]}, out)
    print("ready", flush=True)
    while how == "naps":
        time.sleep(0.05)
        await asyncio.sleep(0)
    if how == "blocks":
        os.read(os.pipe()[0], 1)
    await asyncio.sleep(HOUR)


if __name__ == "__main__":
    options = [word for word in sys.argv[1:] if word != "--uvloop"]
    if "--uvloop" in sys.argv:
        import uvloop
        uvloop.install()
    asyncio.run(main(*options))

"""Calls below code that was made from a text: a dataclass's __init__, exec, a function that exec defined. What is found
belongs to the line of this file that led there.

    asyncio_generated.py below|managed|alone

alone: the coroutine itself is such code, and no line of this file led to it within the loop.
"""

import asyncio
import dataclasses
import functools
import multiprocessing
import sys
import threading
import time

PAUSE = 0.06


@dataclasses.dataclass
class Session:
    name: str
    opened: float = dataclasses.field(default_factory=functools.partial(time.sleep, PAUSE))


@dataclasses.dataclass
class Nested:
    name: str
    opened: float = dataclasses.field(default_factory=lambda: time.sleep(PAUSE))  # EXPECT error clock_nanosleep case=below


made = {"time": time}
exec(compile("def pause(seconds):\n    time.sleep(seconds)\n", "<string>", "exec"), made)
exec(compile("async def rest(seconds):\n    time.sleep(seconds)\n", "<made>", "exec"), made)
pause = made["pause"]


async def below():
    Session("a")  # EXPECT error clock_nanosleep case=below
    Nested("a")
    pause(PAUSE)  # EXPECT error clock_nanosleep case=below
    exec("time.sleep(PAUSE)")  # EXPECT error clock_nanosleep case=below
    eval("pause(PAUSE)")  # EXPECT error clock_nanosleep case=below


async def managed(queue):
    """A manager's proxies have their methods as texts."""
    threading.Timer(PAUSE, queue.put, ("x",)).start()
    assert queue.get() == "x"  # EXPECT error read case=managed ALLOW warning|error connect|write case=managed


async def main(queue):
    await asyncio.sleep(0.01)
    if sys.argv[1] == "below":
        await below()
    elif sys.argv[1] == "managed":
        await managed(queue)
    else:
        await asyncio.create_task(made["rest"](PAUSE))


if sys.argv[1] == "managed":
    with multiprocessing.get_context("fork").Manager() as manager:
        shared = manager.Queue()  # it outlives the loop: its end is a call, too
        asyncio.run(main(shared))
else:
    asyncio.run(main(None))
print("done")

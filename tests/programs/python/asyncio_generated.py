"""Calls below code that was made from a text: a dataclass's __init__, exec, a function that exec defined. What is found
belongs to the line of this file that led there.

    asyncio_generated.py below|alone

alone: the coroutine itself is such code, and no line of this file led to it within the loop.
"""

import asyncio
import dataclasses
import functools
import sys
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


async def main():
    await asyncio.sleep(0.01)
    if sys.argv[1] == "below":
        await below()
    else:
        await asyncio.create_task(made["rest"](PAUSE))


asyncio.run(main())
print("done")

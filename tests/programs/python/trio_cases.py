"""The operations in Trio's tasks, and the same ones handed to threads.

    trio_cases.py CONTEXT OPERATION...     (or `all`)

Contexts: task holds the loop; to_thread and around do not.
"""

import sys

import trio

from blocking import prepared


async def settle():
    for _ in range(3):
        await trio.sleep(0.001)


async def in_task(blocks):
    async def task():
        for block in blocks:
            await settle()
            block()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(task)
    await settle()


async def in_to_thread(blocks):
    for block in blocks:
        await settle()
        await trio.to_thread.run_sync(block)  # EXPECT-NONE


def main(context, *names):
    if context == "around":
        for _ in range(2):
            for block in prepared(names):
                block()
            trio.run(settle)
    else:
        trio.run({"task": in_task, "to_thread": in_to_thread}[context], prepared(names))
    print("done")


main(*sys.argv[1:])

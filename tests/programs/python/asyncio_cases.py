"""Blocking operations in coroutines, and the same ones handed to threads.

    asyncio_cases.py [--uvloop] CONTEXT OPERATION...     (or `all`)

Contexts: coroutine, layers, callback and first hold the loop; to_thread, executor, thread, around and
left_open do not.
"""

import asyncio
import concurrent.futures
import concurrent.futures.thread  # asyncio would import it inside the loop: a file read of its own
import sys
import threading

from blocking import WAIT, prepared


async def settle():
    """A few turns before and after, as in a program that has been running for a while."""
    for _ in range(3):
        await asyncio.sleep(0.001)


async def in_coroutine(blocks):
    for block in blocks:
        await settle()
        block()
        await settle()


async def through(layers, block):
    if layers:
        await through(layers - 1, block)
    else:
        block()


async def in_layers(blocks):
    """As deep below the loop as a web framework's handlers."""
    for block in blocks:
        await settle()
        await through(70, block)
        await settle()


async def in_callback(blocks):
    loop = asyncio.get_running_loop()
    for block in blocks:
        called = loop.create_future()

        def callback():
            block()
            called.set_result(None)

        await settle()
        loop.call_later(0.001, callback)
        await called
        await settle()


async def in_first(blocks):
    """In the loop's first turn: uvloop runs it before it has waited at all."""
    for block in blocks:
        block()


async def in_to_thread(blocks):
    for block in blocks:
        await settle()
        await asyncio.to_thread(block)  # EXPECT-NONE


async def in_executor(blocks):
    # Not ended in here: that would wait for its threads.
    pool = concurrent.futures.ThreadPoolExecutor(2)
    loop = asyncio.get_running_loop()
    for block in blocks:
        await settle()
        await loop.run_in_executor(pool, block)  # EXPECT-NONE


async def in_thread(blocks):
    def run():
        for block in blocks:
            block()

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():
        await asyncio.sleep(0.005)
    thread.join()


CONTEXTS = {
    "coroutine": in_coroutine,
    "layers": in_layers,
    "callback": in_callback,
    "first": in_first,
    "to_thread": in_to_thread,
    "executor": in_executor,
    "thread": in_thread,
}


def main(arguments):
    run = asyncio.run
    if arguments[0] == "--uvloop":
        import uvloop

        uvloop.install()
        arguments = arguments[1:]
    context, *names = arguments
    if context == "around":
        # Plain code before a loop, between two, and after: no loop runs then.
        for _ in range(2):
            for block in prepared(names):
                block()
            run(settle())
        for block in prepared(names):
            block()
    elif context == "left_open":
        # A loop that is not closed may be run again; what waits meanwhile is no part of its turn.
        first = asyncio.new_event_loop()
        first.run_until_complete(settle())
        for block in prepared(names):
            block()
            run(asyncio.sleep(WAIT))
    else:
        run(CONTEXTS[context](prepared(names)))
    print("done")


main(sys.argv[1:])

"""Coroutines that block in library functions, in files and in locks; one holds a lock across an await."""
import asyncio
import concurrent.futures
import os
import sqlite3
import subprocess
import sys
import threading
import time

lock = threading.Lock()
pool = concurrent.futures.ThreadPoolExecutor()


def slow():
    time.sleep(0.05)


async def sleeps():
    slow()


async def imports():
    import xmlrpc.client, email.mime.multipart  # noqa: F401


async def queries(path):
    other = sqlite3.connect(path, check_same_thread=False)
    other.execute("create table t (x)")
    other.execute("begin exclusive")
    threading.Timer(0.1, other.rollback).start()
    sqlite3.connect(path).execute("insert into t values (1)")


async def runs():
    subprocess.run(["sleep", "0.1"], check=True)
    subprocess.check_output(["sh", "-c", "sleep 0.1; echo x"])


async def waits():
    pool.submit(time.sleep, 0.1).result()


async def computes():
    number = 0
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        number += 1


async def holds():
    with lock:
        await asyncio.sleep(0.1)


async def wants():
    await asyncio.sleep(0.02)
    with lock:
        pass


async def main():
    await asyncio.sleep(0.01)
    for work in sleeps(), imports(), queries("data.db"), runs(), waits(), computes():
        await work
    threading.Timer(1.5, os._exit, (0,)).start()
    await asyncio.gather(holds(), wants())


sys.setswitchinterval(0.001)
asyncio.run(main())

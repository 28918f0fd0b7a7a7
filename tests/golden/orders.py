"""A service that keeps its orders in SQLite, while an import holds the database's lock."""
import asyncio
import sqlite3
import threading
import time

sqlite3.connect("orders.db").execute("create table if not exists orders (id)")


def import_all(ready):
    database = sqlite3.connect("orders.db", isolation_level=None)
    database.execute("begin exclusive")
    ready.set()
    time.sleep(0.3)
    database.execute("commit")


async def save(database, order):
    database.execute("insert into orders values (?)", (order,))


async def main(database):
    ready = threading.Event()
    importer = threading.Thread(target=import_all, args=(ready,))
    importer.start()
    while not ready.is_set():
        await asyncio.sleep(0.01)
    await save(database, 7)


asyncio.run(main(sqlite3.connect("orders.db", timeout=5, isolation_level=None)))

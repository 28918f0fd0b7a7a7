import asyncio, sys
import requests

async def fetch_rate(url):
    return requests.get(url).json()

async def main(url):
    for _ in range(6):
        await fetch_rate(url)

asyncio.run(main(sys.argv[1]))

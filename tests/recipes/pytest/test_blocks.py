import time

import pytest


def deliver_blocking():
    time.sleep(0.005)
    return 1


@pytest.mark.asyncio
async def test_delivers_blocking():
    assert deliver_blocking() == 1

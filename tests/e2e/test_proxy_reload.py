# SPDX-License-Identifier: LGPL-2.1-or-later
"""A reload fails no request."""
import asyncio
import time

from framework import expect, expect_equal, timed
from web import answers, run_web

k_reloads = 50
k_rate = 1000  # requests a second
k_connections = 20

async def connect():
    return await asyncio.open_connection("127.0.0.1", 80)


async def read_answer(reader):
    """(status, body); None where the connection ended before the first byte."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return int(head.split()[1]), await reader.readexactly(length)


class visitors:
    """So many requests a second over connections that are kept. One that nginx closed while it was idle is opened anew, as browsers do
    (RFC 9110, 9.2.2); what a new connection says counts."""

    def __init__(self):
        self.answered = self.reopened = 0
        self.failed = []

    async def ask(self, host, open_connection):
        request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        for is_new in (False, True):
            if open_connection is None or is_new:
                open_connection = await connect()
            reader, writer = open_connection
            answer = None
            try:
                writer.write(request)
                answer = await asyncio.wait_for(read_answer(reader), 10)
            except ConnectionError:
                pass
            if answer is not None:
                break
            writer.close()
            self.reopened += 1
        if answer and answer[0] == 200 and answer[1].startswith(b"name=steady "):
            self.answered += 1
            return open_connection
        self.failed.append(answer)
        return None

    async def visit(self, host, end, number):
        connection, due = None, time.monotonic() + number / k_rate
        while not end.is_set():
            connection = await self.ask(host, connection)
            due += k_connections / k_rate
            await asyncio.sleep(max(0, due - time.monotonic()))


async def exchange(stream, line):
    reader, writer = stream
    writer.write(line)
    return await asyncio.wait_for(reader.readline(), 10)


async def pause_and_unpause(world, name, reloads):
    """A site that comes and goes, until nginx was reloaded so often."""
    while reloads() < k_reloads:
        for verb in ("pause", "unpause"):
            process = await asyncio.create_subprocess_exec("docker", verb, name, stdout=asyncio.subprocess.DEVNULL)
            expect_equal(await process.wait(), 0, f"docker {verb}")
            await asyncio.sleep(0.3)


async def visit_through_reloads(world, reloads):
    socket = await connect()
    socket[1].write(b"GET /ws HTTP/1.1\r\nHost: steady.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    head = await asyncio.wait_for(socket[0].readuntil(b"\r\n\r\n"), 10)
    expect(head.startswith(b"HTTP/1.1 101"), f"no upgrade: {head}")
    expect_equal(await exchange(socket, b"before\n"), b"before\n", "the WebSocket's answer")

    end, seen = asyncio.Event(), visitors()
    tasks = [asyncio.create_task(seen.visit("steady.test", end, i)) for i in range(k_connections)]
    start = time.monotonic()
    await asyncio.wait_for(pause_and_unpause(world, "restless", reloads), 150)
    took = time.monotonic() - start
    end.set()
    await asyncio.gather(*tasks)
    expect_equal(await exchange(socket, b"after\n"), b"after\n", "the WebSocket's answer after the reloads")
    return seen, took


@timed
def reloads_are_not_noticed(world):
    """Fifty reloads under a thousand requests a second: no failed one; a WebSocket opened before stays open."""
    for name in ("steady", "restless"):
        run_web(world, name)
    for name in ("steady", "restless"):
        answers(f"{name}.test", name=name)

    def count():
        return world.logs("heberg-proxy-render", world.since).count("info: published")
    before = count()
    seen, took = asyncio.run(visit_through_reloads(world, lambda: count() - before))
    print(f"        {seen.answered} requests in {took:.0f} s, {count() - before} reloads, {seen.reopened} idle connections opened anew", flush=True)
    expect_equal(seen.failed, [], "failed requests")
    expect(seen.answered > 0.6 * k_rate * took, f"only {seen.answered} requests in {took:.0f} s")

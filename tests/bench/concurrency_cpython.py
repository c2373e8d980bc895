"""What CPython's own pools and loops take for the same work: microseconds as a JSON object.

The names are those of the benchmarks in the folder `concurrency`; each figure is the best of so
many rounds. Larger counts are smaller here where CPython is slow: what is told is per operation.
"""

import asyncio
import concurrent.futures as futures
import hashlib
import json
import random
import sys
import time

BLOCKS = [b"\1" * (1 << 20)] * 12


def nothing(number):
    return number


def sha256(block):
    return hashlib.sha256(block).digest()


def sha256_of_made(seed):
    return sha256(random.Random(seed).randbytes(1 << 20))


def large():
    return b"\7" * 50_000_000


def best(rounds, operations, work):
    """The first round, which starts threads and processes, does not count."""
    return best_part(rounds, operations, lambda: timed(work))


def best_part(rounds, operations, work):
    """For work that says itself how long the part took that counts."""
    times = [work() for _ in range(rounds + 1)]
    return min(times[1:]) / operations * 1e6


def timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def promise():
    for number in range(10_000):
        future = futures.Future()
        future.set_result(number)
        future.result()


def thread_pools(rounds):
    def round_trips():
        for number in range(1000):
            one.submit(nothing, number).result()

    def bulk():
        for future in [two.submit(nothing, number) for number in range(10_000)]:
            future.result()

    with futures.ThreadPoolExecutor(1) as one, futures.ThreadPoolExecutor(2) as two:
        return {
            "Prf02RoundTrip": best(rounds, 1000, round_trips),
            "Prf03Bulk": best(rounds, 10_000, bulk),
        }


def waiting(rounds):
    def done(read):
        def work():
            all_ = [futures.Future() for _ in range(100_000)]
            for future in all_:
                future.set_result(1)
            return timed(lambda: read(all_))
        return work

    def read_completed(all_):
        return sum(future.result() for future in futures.as_completed(all_))

    return {
        "Prf04WaitForDone": best_part(rounds, 100_000, done(futures.wait)),
        "Prf04AsCompletedOfDone": best_part(rounds, 100_000, done(read_completed)),
    }


def coroutines(rounds):
    async def empty(number):
        return number

    async def spawn():
        for number in range(1000):
            await asyncio.create_task(empty(number))

    async def gather():
        await asyncio.gather(*(empty(number) for number in range(1000)))

    async def call_pool(pool):
        loop = asyncio.get_running_loop()
        for number in range(500):
            await loop.run_in_executor(pool, nothing, number)

    with futures.ThreadPoolExecutor(1) as pool, asyncio.Runner() as runner:
        return {
            "Prf05SpawnAndAwait": best(rounds, 1000, lambda: runner.run(spawn())),
            "Prf05Gather": best(rounds, 1000, lambda: runner.run(gather())),
            "Prf05RunInExecutor": best(rounds, 500, lambda: runner.run(call_pool(pool))),
        }


def process_pools(rounds):
    text = b"x" * 1024
    numbers = range(64 * 50)

    def round_trips():
        for _ in range(200):
            one.submit(nothing, text).result()

    def chunked():
        sum(two.map(nothing, numbers, chunksize=64))

    def made(pool):
        return lambda: list(pool.map(sha256_of_made, range(len(BLOCKS))))

    def sent(pool):
        return lambda: list(pool.map(sha256, BLOCKS))

    with futures.ProcessPoolExecutor(1) as one, futures.ProcessPoolExecutor(2) as two:
        return {
            "Prf06RoundTrip": best(rounds, 200, round_trips),
            "Prf06Chunked": best(rounds, len(numbers), chunked),
            "Prf06LargeResult": best(rounds, 1, lambda: one.submit(large).result()),
            "Prf06Sha256WithOneWorker": best(rounds, 1, made(one)),
            "Prf06Sha256WithTwoWorkers": best(rounds, 1, made(two)),
            "Prf06SentBlocksWithOneWorker": best(rounds, 1, sent(one)),
            "Prf06SentBlocksWithTwoWorkers": best(rounds, 1, sent(two)),
        }


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    figures = {"Prf01PromiseSetAndResult": best(rounds, 10_000, promise)}
    for part in (thread_pools, waiting, coroutines, process_pools):
        figures.update(part(rounds))
    json.dump(figures, sys.stdout, indent=1)


if __name__ == "__main__":
    main()

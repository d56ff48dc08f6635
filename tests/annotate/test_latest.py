from __future__ import annotations

import threading

import pytest

from napari_mae_sam2.annotate.latest import LatestWins
from napari_mae_sam2.model.protocol import Cancelled


class Bench:
    """A worker whose work waits for the test."""

    def __init__(self):
        self.outcomes = []
        self.arrived = threading.Semaphore(0)
        self.started = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.did = []
        self.worker = LatestWins(self._work, self._deliver, "bench")

    def _work(self, request, cancelled):
        self.started.release()
        while not self.go_on.wait(0.005):
            if cancelled():
                raise Cancelled
        self.did.append(request)
        if request == "bad":
            raise ValueError("bad request")
        return request.upper()

    def _deliver(self, outcome):
        self.outcomes.append(outcome)
        self.arrived.release()


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.go_on.set()
    assert made.worker.close()


def test_of_many_requests_only_the_latest_is_answered(bench):
    bench.worker.submit("one")
    assert bench.started.acquire(timeout=5)
    bench.worker.submit("two")
    latest = bench.worker.submit("three")
    bench.go_on.set()
    assert bench.arrived.acquire(timeout=5)
    assert [outcome.response for outcome in bench.outcomes] == ["THREE"]
    assert bench.outcomes[0].generation == latest
    assert "two" not in bench.did


def test_the_running_request_is_told_to_stop(bench):
    bench.worker.submit("one")
    assert bench.started.acquire(timeout=5)
    bench.worker.cancel()
    bench.worker.submit("two")
    assert bench.started.acquire(timeout=5)
    bench.go_on.set()
    assert bench.arrived.acquire(timeout=5)
    assert bench.did == ["two"]


def test_an_error_is_an_outcome_and_the_worker_goes_on(bench):
    bench.go_on.set()
    bench.worker.submit("bad")
    assert bench.arrived.acquire(timeout=5)
    assert isinstance(bench.outcomes[0].error, ValueError)
    bench.worker.submit("good")
    assert bench.arrived.acquire(timeout=5)
    assert bench.outcomes[1].response == "GOOD"


def test_an_outcome_that_arrives_late_is_known_to_be_stale(bench):
    bench.go_on.set()
    generation = bench.worker.submit("one")
    assert bench.arrived.acquire(timeout=5)
    assert bench.worker.is_current(generation)
    bench.worker.cancel()
    assert not bench.worker.is_current(generation)


def test_closing_stops_the_running_request(bench):
    bench.worker.submit("one")
    assert bench.started.acquire(timeout=5)
    assert bench.worker.close(timeout=5)
    assert bench.outcomes == []

from __future__ import annotations

import threading

import pytest

from napari_mae_sam2.annotate.work_queue import Task, WorkQueue
from napari_mae_sam2.model.protocol import Cancelled


class Log:
    """Tasks that wait until they are let go, and what became of them."""

    def __init__(self):
        self.began, self.stopped, self.done = [], [], []
        self.let_go = threading.Event()
        self._change = threading.Condition()
        self.queue = WorkQueue(self._deliver, "test")

    def task(self, key, waits=True):
        def run(cancelled):
            self._note(self.began, key)
            while waits and not self.let_go.wait(0.002):
                if cancelled():
                    self._note(self.stopped, key)
                    raise Cancelled
            return key

        return Task(key, run)

    def _deliver(self, done):
        self._note(self.done, done.result if done.error is None else done.error)

    def _note(self, where, what):
        with self._change:
            where.append(what)
            self._change.notify_all()

    def wait(self, condition):
        with self._change:
            assert self._change.wait_for(condition, 10)


@pytest.fixture
def log():
    made = Log()
    yield made
    made.let_go.set()
    assert made.queue.close()


def test_tasks_are_done_in_order_and_once(log):
    tasks = [log.task(key, waits=False) for key in "abc"]
    log.queue.want(tasks)
    log.wait(lambda: len(log.done) == 3)
    log.queue.want(tasks)
    log.queue.want([*tasks, log.task("d", waits=False)])
    log.wait(lambda: "d" in log.done)
    assert log.began == ["a", "b", "c", "d"]


def test_what_is_more_urgent_stops_the_running_task_which_then_begins_again(log):
    log.queue.want([log.task("ahead")])
    log.wait(lambda: log.began == ["ahead"])
    log.queue.want([log.task("click"), log.task("ahead")])
    log.wait(lambda: log.began == ["ahead", "click"])
    assert log.stopped == ["ahead"]
    log.let_go.set()
    log.wait(lambda: log.done == ["click", "ahead"])


def test_what_is_no_longer_wanted_stops_and_says_nothing(log):
    log.queue.want([log.task("a")])
    log.wait(lambda: log.began == ["a"])
    log.queue.want([])
    log.wait(lambda: log.stopped == ["a"])
    log.queue.want([log.task("b", waits=False)])
    log.wait(lambda: log.done == ["b"])


def test_a_less_urgent_wish_does_not_disturb(log):
    log.queue.want([log.task("a")])
    log.wait(lambda: log.began == ["a"])
    log.queue.want([log.task("a"), log.task("b", waits=False)])
    log.let_go.set()
    log.wait(lambda: log.done == ["a", "b"])
    assert not log.stopped


def test_a_pause_holds_the_running_task(log):
    asked = threading.Event()

    def run(cancelled):
        asked.set()
        cancelled()
        return "done"

    log.queue.pause()
    log.queue.want([Task("a", run)])
    assert asked.wait(5)
    assert not log.done
    log.queue.go_on()
    log.wait(lambda: log.done == ["done"])


def test_an_error_is_told_and_the_next_task_is_done(log):
    def fail(_cancelled):
        raise ValueError("broken")

    log.queue.want([Task("a", fail), log.task("b", waits=False)])
    log.wait(lambda: len(log.done) == 2)
    assert str(log.done[0]) == "broken"
    assert log.done[1] == "b"

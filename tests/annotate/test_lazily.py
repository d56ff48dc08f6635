from __future__ import annotations

import threading

from grey import Inbox

from napari_mae_sam2.annotate.lazily import Lazily


def test_the_latest_come_first_and_few_are_kept():
    inbox, go_on, made, ready = Inbox(), threading.Event(), [], []

    def make(key):
        go_on.wait(10)
        made.append(key)
        return f"made {key}"

    lazily = Lazily(make, inbox.post, ready.append, keep=3, waiting=4)
    try:
        assert lazily.get(0) is None
        while lazily._waiting:  # until it is being made
            pass
        for key in range(1, 8):
            assert lazily.get(key) is None
        go_on.set()
        inbox.run_until(lambda: len(ready) == 5)
        # The first was under way; of the others the latest four, the latest first.
        assert made == ready == [0, 7, 6, 5, 4]
        assert len(lazily) == 3
        assert lazily.get(4) == "made 4"
        assert lazily.get(7) is None  # it went, and is made once more
        inbox.run_until(lambda: len(ready) == 6)
        assert lazily.get(7) == "made 7"
        assert lazily.get(6) is None
        lazily.clear()
        assert len(lazily) == 0
    finally:
        lazily.close()
    assert not lazily._thread.is_alive()

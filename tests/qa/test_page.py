from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from predicted import NAMES, write_predictions

from napari_mae_sam2 import cli
from napari_mae_sam2.qa.order import Signs, attention
from napari_mae_sam2.qa.page import Inputs, write_page
from napari_mae_sam2.qa.picture import UNIT, outline, small_picture

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.predict.results import Results


def read_data(page: Path) -> dict:
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script>',
        page.read_text("utf-8"),
        re.DOTALL,
    )
    assert found
    return json.loads(found[1])


def test_names_are_text_and_nothing_is_fetched(
    predictions: Results, tmp_path: Path
) -> None:
    page = tmp_path / "qa.html"
    assert write_page(page, Inputs(predictions.folder)).frames == len(NAMES)
    text = page.read_text("utf-8")
    data = read_data(page)
    assert sorted(f["name"] for f in data["frames"]) == sorted(NAMES)
    assert "owned'</script>" not in text
    assert "<img src=x" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace(
        "http-equiv", ""
    )
    assert text.count('<script type="text/plain"') == len(NAMES)


def test_what_deserves_a_look_comes_first() -> None:
    calm = Signs((), 0.1, 0.02, 2)
    frames = [
        *[Signs((), 0.1, 0.02 + 0.001 * n, 2) for n in range(8)],
        Signs(("not_fa",), 0.1, 0.02, 2),
        Signs((), 0.1, 0.6, 2),
        Signs((), 0.1, 0.0, 0),
        Signs((), 0.9, 0.02, 2),
        Signs((), 0.1, 0.02, 2, dice_label=0.1),
        Signs((), 0.1, 0.02, 2, dice_other=0.1),
    ]
    found = attention(frames)
    assert found[8].weight == max(one.weight for one in found)
    assert found[8].reasons == ("not FA, or no dye yet",)
    assert "much leakage" in found[9].reasons
    assert "no leakage found" in found[10].reasons
    assert found[11].reasons == ("model unsure",)
    assert found[12].reasons == ("unlike the label",)
    assert found[13].reasons == ("models disagree",)
    quiet = max(one.weight for one in found[:8])
    assert all(one.weight > quiet for one in found[8:])
    assert attention([calm])[0].reasons == ()
    assert attention([]) == []


def test_a_bright_frame_without_an_answer_deserves_a_look() -> None:
    found = attention(
        [
            Signs((), 0.1, 0.0, 0, bright=0.05),
            Signs((), 0.1, 0.002, 1, bright=0.05),
            Signs((), 0.1, 0.0, 0, bright=0.01),
            Signs((), 0.1, 0.0, 0),
            Signs((), 0.1, 0.03, 2, bright=0.05),
        ]
    )
    reasons = [one.reasons for one in found]
    assert reasons[0] == reasons[1] == ("bright but empty",)
    assert reasons[2] == reasons[3] == ("no leakage found",)
    assert found[0].weight > found[2].weight > found[4].weight


def test_an_outline_fits_its_mask() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:40, 50:100] = True
    path = outline(mask, (100, 50), 9999)
    assert re.fullmatch(r"M[^Mlz]+l[^Mlz]+z", path)
    steps = np.array([int(n) for n in re.findall(r"-?\d+", path)]).reshape(-1, 2)
    x, y = UNIT * steps.cumsum(axis=0).T
    assert (x.min(), x.max()) == pytest.approx((25, 50), abs=0.6)
    assert (y.min(), y.max()) == pytest.approx((10, 20), abs=0.6)
    assert outline(np.zeros((9, 9), bool), (9, 9), 9999) == ""
    speck = np.zeros((1000, 1000), bool)
    speck[500, 500] = True
    assert outline(speck, (100, 100), 9999).startswith("M")
    noise = np.random.default_rng(0).random((120, 120)) > 0.5
    assert 0 < len(outline(noise, (120, 120), 5_000)) <= 5_000


def test_pictures_keep_to_their_budget(predictions: Results) -> None:
    record = next(predictions.records())
    path = predictions.preview(record.id)
    small, size = small_picture(path, 6_000)
    assert size == (120, 90)
    assert len(small) <= 6_000
    assert len(small_picture(path, 100_000)[0]) > len(small)


def test_labels_and_another_model_are_compared(
    predictions: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    other = write_predictions(tmp_path / "other", "bbbb", shift=10)
    labels = tmp_path / "labels"
    labels.mkdir()
    truth = np.zeros((90, 120), np.uint16)
    truth[20:40, 10:30] = 1
    tifffile.imwrite(labels / "plain.tif", truth)
    tifffile.imwrite(labels / "荧光造影 张三.tif", truth[:50])
    page = tmp_path / "qa.html"
    words = ["napari-mae-sam2", "qa", predictions.folder, "--against", other.folder]
    words += ["--labels", labels, "--out", page]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    assert "90" in capsys.readouterr().err  # the label that does not fit is named
    data = read_data(page)
    assert data["models"] == ["model aaaa", "model bbbb"]
    frames = {frame["name"]: frame for frame in data["frames"]}
    assert frames["plain"]["diceLabel"] == 0  # nothing was found where there is some
    assert frames["plain"]["diceOther"] == 1  # both found nothing
    assert frames["plain"]["t"].startswith("M")
    assert frames["荧光造影 张三"]["t"] is None
    assert frames["%%DATA%%"]["diceOther"] == pytest.approx(0.8)


def test_one_damaged_frame_does_not_hold_up_the_others(
    predictions: Results, tmp_path: Path
) -> None:
    first, second, *_ = predictions.records()
    predictions.record(first.id).write_text("{")
    predictions.label(second.id).unlink()
    done = write_page(tmp_path / "qa.html", Inputs(predictions.folder))
    assert done.frames == len(NAMES) - 2
    assert sorted(first.id in one for one in done.trouble) == [False, True]


def test_a_folder_that_knows_none_of_the_frames_is_named(
    predictions: Results, tmp_path: Path
) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    tifffile.imwrite(labels / "another.tif", np.zeros((90, 120), np.uint8))
    inputs = Inputs(predictions.folder, labels=labels)
    unused, said = write_page(tmp_path / "qa.html", inputs).trouble
    assert "another.tif" in unused
    assert "holds no label that fits" in said
    (labels / "another.tif").rename(labels / "plain.tif")
    assert write_page(tmp_path / "qa.html", inputs).trouble == []


def test_a_folder_without_predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = ["napari-mae-sam2", "qa", str(tmp_path), "--out", str(tmp_path / "q.html")]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "no predictions" in capsys.readouterr().err

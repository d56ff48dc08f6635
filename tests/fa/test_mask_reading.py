from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_mae_sam2.fa.mask_reading import MaskError, read_mask

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (40, 50)


@pytest.fixture
def drawn() -> np.ndarray:
    """Two areas of leakage."""
    mask = np.zeros(SHAPE, bool)
    mask[3:9, 4:12] = True
    mask[20:30, 30:41] = True
    return mask


def save(path: Path, values: np.ndarray, **how: object) -> Path:
    if path.suffix.lower() in (".tif", ".tiff"):
        tifffile.imwrite(path, values, **how)
    else:
        Image.fromarray(values).save(path, **how)
    return path


def layered(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.dstack([colour, alpha]).astype(np.uint8)


def in_colour(drawn: np.ndarray, colour: tuple[int, ...]) -> np.ndarray:
    return (drawn[..., None] * np.array(colour)).astype(np.uint8)


@pytest.mark.parametrize("name", ["m.png", "m.PNG", "m.tif", "m.TIFF", "m.bmp"])
@pytest.mark.parametrize("white", [1, 255])
def test_black_and_white(
    tmp_path: Path, drawn: np.ndarray, name: str, white: int
) -> None:
    mask = read_mask(save(tmp_path / name, (drawn * white).astype(np.uint8)), SHAPE)
    assert (mask.leakage == drawn).all()
    assert mask.lesions.max() == 2
    assert not mask.unsure.any()


@pytest.mark.parametrize("name", ["m.png", "m.tif", "m.bmp"])
@pytest.mark.parametrize(
    "colour", [(0, 255, 0), (255, 0, 0), (0, 128, 0), (255, 255, 255), (1, 1, 1)]
)
def test_one_colour_on_black_is_leakage(
    tmp_path: Path, drawn: np.ndarray, name: str, colour: tuple[int, ...]
) -> None:
    path = save(tmp_path / name, in_colour(drawn, colour))
    assert (read_mask(path, SHAPE).leakage == drawn).all()


@pytest.mark.parametrize("name", ["m.png", "m.tif"])
@pytest.mark.parametrize(
    ("below", "above"),
    [(0, 0), (255, 255), (0, 255), (7, 200)],
    ids=["alpha alone", "white all over", "white on nothing", "grey below"],
)
def test_what_is_drawn_on_a_transparent_layer_is_leakage(
    tmp_path: Path, drawn: np.ndarray, name: str, below: int, above: int
) -> None:
    grey = np.where(drawn, above, below)
    picture = layered(np.dstack([grey] * 3), drawn * 255)
    path = save(tmp_path / name, picture, **_as_alpha(name))
    assert (read_mask(path, SHAPE).leakage == drawn).all()
    two = save(tmp_path / f"two{name}", layered(grey, drawn * 255), **_as_alpha(name))
    assert (read_mask(two, SHAPE).leakage == drawn).all()


def _as_alpha(name: str) -> dict[str, object]:
    return {"extrasamples": ["unassalpha"]} if name.endswith("tif") else {}


def test_opaque_pictures_with_alpha_are_read_by_their_colour(
    tmp_path: Path, drawn: np.ndarray
) -> None:
    opaque = layered(in_colour(drawn, (0, 200, 0)), np.full(SHAPE, 255))
    assert (read_mask(save(tmp_path / "g.png", opaque)).leakage == drawn).all()
    field = np.zeros(SHAPE, bool)
    field[2:35, 2:45] = True  # black and transparent outside of the photographed field
    picture = layered(in_colour(drawn, (255, 255, 255)), field * 255)
    assert (read_mask(save(tmp_path / "f.png", picture)).leakage == drawn).all()


@pytest.mark.parametrize("colour", [(255, 255, 255), (200, 30, 30)])
def test_palettes_are_read_as_they_look(
    tmp_path: Path, drawn: np.ndarray, colour: tuple[int, ...]
) -> None:
    picture = Image.fromarray(np.where(drawn, 0, 1).astype(np.uint8))  # 0 is leakage
    picture.putpalette((*colour, 0, 0, 0))
    picture.save(tmp_path / "p.png")
    assert (read_mask(tmp_path / "p.png", SHAPE).leakage == drawn).all()
    picture.save(tmp_path / "p.bmp")
    assert (read_mask(tmp_path / "p.bmp", SHAPE).leakage == drawn).all()


def test_one_bit_a_pixel(tmp_path: Path, drawn: np.ndarray) -> None:
    path = tmp_path / "m.tif"
    tifffile.imwrite(path, drawn)  # white is 0, although nobody said so
    with pytest.raises(MaskError, match="says that white is 0"):
        read_mask(path, SHAPE)
    tifffile.imwrite(path, ~drawn, photometric="miniswhite", software="a scanner")
    assert (read_mask(path, SHAPE).leakage == drawn).all()
    tifffile.imwrite(path, drawn, photometric="minisblack")
    assert (read_mask(path, SHAPE).leakage == drawn).all()
    Image.fromarray(drawn).save(tmp_path / "m.png")
    assert (read_mask(tmp_path / "m.png", SHAPE).leakage == drawn).all()


def test_128_is_unsure_beside_black_and_white(
    tmp_path: Path, drawn: np.ndarray
) -> None:
    values = (drawn * 255).astype(np.uint8)
    values[33:38, 3:9] = 128
    for name in ("m.png", "m.tif", "m.bmp"):
        mask = read_mask(save(tmp_path / name, values), SHAPE)
        assert (mask.leakage == drawn).all()
        assert (mask.unsure == (values == 128)).all()
    rgb = read_mask(save(tmp_path / "rgb.png", np.dstack([values] * 3)), SHAPE)
    assert (rgb.unsure == (values == 128)).all()
    values[drawn] = 0
    mask = read_mask(save(tmp_path / "u.png", values), SHAPE)
    assert not mask.leakage.any()
    assert mask.unsure.sum() == 30


def test_numbers_of_16_bits_are_lesions(tmp_path: Path, drawn: np.ndarray) -> None:
    numbers = np.zeros(SHAPE, np.uint16)
    numbers[2:5, 2:5], numbers[2:5, 5:8], numbers[9:12, 9:12] = 3, 9, 700
    numbers[30, 30] = 3  # in two pieces
    for name in ("m.tif", "m.png"):
        path = save(tmp_path / name, numbers)
        assert np.unique(read_mask(path, SHAPE).lesions).tolist() == [0, 1, 2, 3]
        kept = read_mask(path, SHAPE, renumber=False).lesions
        assert (kept == numbers).all()
    for white in (255, 65535):  # black and white that somebody saved with 16 bits
        path = save(tmp_path / "w.tif", drawn * np.uint16(white))
        assert read_mask(path, SHAPE).lesions.max() == 2
    path = save(tmp_path / "OD.leakage.tif", drawn * np.uint16(255))
    assert read_mask(path, SHAPE).lesions.max() == 1  # ours: lesion 255 in two pieces


def test_small_numbers_are_lesions_where_that_was_said(
    tmp_path: Path, drawn: np.ndarray
) -> None:
    values = drawn.astype(np.uint8)
    values[20:30] *= 2
    path = save(tmp_path / "m.png", values)
    assert (read_mask(path, SHAPE, instances=True).lesions == values).all()
    assert (read_mask(path, SHAPE, foreground=(2,)).leakage == (values == 2)).all()
    with pytest.raises(MaskError, match=r"m\.png holds the values 0, 1, 2"):
        read_mask(path, SHAPE)


def _unclear(drawn: np.ndarray) -> dict[str, np.ndarray]:
    white = in_colour(drawn, (255, 255, 255))
    two = in_colour(drawn, (255, 0, 0))
    two[20:30, 30:41] = 0, 255, 0
    return {
        "classes": drawn.astype(np.uint8) * 2 + 1,
        "two colours": two,
        "colour on white": 255 - in_colour(drawn, (0, 255, 255)),
        "half transparent": layered(white, np.where(drawn, 128, 0)),
        "black shape, white hidden": layered(255 - white, drawn * 255),
        "white below": layered(white, np.flipud(drawn) * 255),
        "16 bits of 0, 128, 255": (drawn * 255).astype(np.uint16) + 128 * (~drawn),
        "floats": drawn.astype(np.float32),
        "probabilities": drawn * np.float32(0.7),
        "negative": -drawn.astype(np.int16),
        "blurred": np.linspace(0, 255, drawn.size).reshape(SHAPE).astype(np.uint8),
    }


@pytest.mark.parametrize("what", list(_unclear(np.ones((40, 50), bool))))
def test_what_can_be_understood_in_two_ways_is_refused(
    tmp_path: Path, drawn: np.ndarray, what: str
) -> None:
    how = {"photometric": "rgb"} if _unclear(drawn)[what].ndim == 3 else {}
    path = save(tmp_path / "mask.tif", _unclear(drawn)[what], **how)
    with pytest.raises(MaskError, match=r"mask\.tif") as said:
        read_mask(path, SHAPE)
    assert "\n" not in str(said.value)


def test_files_that_are_no_mask_of_this_frame(
    tmp_path: Path, drawn: np.ndarray
) -> None:
    path = save(tmp_path / "m.png", (drawn * 255).astype(np.uint8))
    with pytest.raises(MaskError, match="50 x 40 pixels and its frame 51 x 40"):
        read_mask(path, (40, 51))
    with pytest.raises(MaskError, match="50 x 40 pixels and its frame 40 x 50"):
        read_mask(path, (50, 40))
    noise = np.random.default_rng(0).integers(0, 2, SHAPE).astype(np.uint8) * 255
    for suffix in (".png", ".tif", ".bmp"):
        whole = save(tmp_path / f"whole{suffix}", noise).read_bytes()
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(MaskError, match=r"cut\.\w+ is damaged"):
            read_mask(cut, SHAPE)
    with pytest.raises(MaskError, match="cannot be opened"):
        read_mask(tmp_path / "gone.png", SHAPE)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(MaskError, match="no image"):
        read_mask(tmp_path / "text.png", SHAPE)
    run = tmp_path / "run.tif"
    tifffile.imwrite(run, np.stack([drawn, ~drawn]).astype(np.uint8))
    with pytest.raises(MaskError, match="2 pages"):
        read_mask(run, SHAPE)

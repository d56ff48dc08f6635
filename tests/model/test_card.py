from __future__ import annotations

import pytest
from pydantic import ValidationError

from napari_mae_sam2.model.card import ModelCard


def test_a_card_survives_json_with_fields_of_a_later_version() -> None:
    card = ModelCard(
        architecture="small", version="2.1", round=3, metrics={"dice": 0.5}
    )
    text = card.model_dump_json().replace("{", '{"colour": "green", ', 1)

    again = ModelCard.model_validate_json(text)

    assert again.model_dump(exclude={"colour"}) == card.model_dump()
    assert '"colour":"green"' in again.model_dump_json()


def test_the_title_names_the_model_and_its_round() -> None:
    assert ModelCard(architecture="tiny").title == "SAM 2.0 tiny"
    assert ModelCard(architecture="large", version="2.1").title == "SAM 2.1 large"
    card = ModelCard(architecture="tiny", name="Clinic A", round=4)
    assert card.title == "Clinic A, round 4"


@pytest.mark.parametrize(
    "wrong",
    [
        {"architecture": "huge"},
        {"architecture": "tiny", "round": -1},
        {"architecture": "tiny", "image_size": 1000},
        {"architecture": "tiny", "created": "yesterday"},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModelCard.model_validate(wrong)

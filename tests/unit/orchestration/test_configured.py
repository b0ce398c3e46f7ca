"""An installation's environment as resources: everything reaches its door, and no secret is shown on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import EnvVar

from kredin_pipeline.configured import resources_from
from kredin_pipeline.environment import load_environment, write_environment


def test_passwords_reach_the_door_by_the_name_of_their_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KREDIN_SMTP_PASSWORD", raising=False)
    monkeypatch.delenv("KREDIN_LETTER_DROP_PASSWORD", raising=False)
    write_environment(
        tmp_path, {"smtp_password": "hemmelig", "letter_drop_user": "kredin", "letter_drop_password": "hemmelig2"}
    )

    post = resources_from(load_environment(tmp_path)).post

    assert isinstance(post.smtp_password, EnvVar) and post.smtp_password.get_value() == "hemmelig"
    assert isinstance(post.letter_drop_password, EnvVar) and post.letter_drop_password.get_value() == "hemmelig2"
    assert post.letter_drop_user == "kredin"
    assert "hemmelig" not in repr(post)

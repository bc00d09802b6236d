"""The source root must not become a package: it would shadow the standard library's operator module."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_source_root_is_not_a_package() -> None:
    assert (ROOT / "operator" / "rekognition_operator" / "__init__.py").exists()
    assert not (ROOT / "operator" / "__init__.py").exists()

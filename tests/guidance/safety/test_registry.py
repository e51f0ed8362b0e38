"""Filters by name: real distributions on the path, made by their metadata as pip leaves it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from controlgen.guidance import safety
from controlgen.guidance.safety import BannedPhrases, Registered, SafetyFilter, available, filter_of

ROOT = Path(__file__).resolve().parents[3]
GROUP = "controlgen.safety_filters"
MODULE = """
from controlgen.guidance.safety import Finding, SafetyFilter


class Shouting(SafetyFilter):
    "Texts in small letters."

    def __init__(self, share: float, *, marks: bool = True, **arguments):
        super().__init__(**arguments)
        self.share, self.marks = share, marks

    def scan(self, text, prompt=""):
        return Finding(float(sum(map(str.isupper, text)) > self.share * len(text)))


def made(share: float = 0.5) -> Shouting:
    return Shouting(share, action="block", name="made")


class Loud(Shouting):
    def __init__(self, tone: int = 1, **arguments):
        super().__init__(0.1, **arguments)


def no_filter():
    return 3


number = 3
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution on the path: its metadata and one module."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(distribution: str, points: dict[str, str], module: str = MODULE, name: str = "shouting") -> None:
        folder = tmp_path / f"{distribution}-1.5.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n")
        lines = [f"[{GROUP}]", *(f"{key} = {value}" for key, value in points.items())]
        (folder / "entry_points.txt").write_text("\n".join(lines) + "\n")
        (tmp_path / f"{name}.py").write_text(module)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return put


def test_the_built_in_filters_come_by_the_same_way() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared, known = project["entry-points"][GROUP], available()
    assert declared.items() <= {name: one.points[0].value for name, one in known.items()}.items()
    assert list(known) == sorted(known)
    for name in declared:
        assert known[name].distribution == f"controlgen {project['version']}"
        assert issubclass(known[name].kind(), SafetyFilter)
    proven = {name for name in declared if known[name].kind().level == "proven"}
    assert set(declared) - proven == {"classifier"}


def test_a_plugin_is_found_by_name(install: Install) -> None:
    install("loud-words", {"shouting": "shouting:Shouting", "made": "shouting:made"})
    found = available()["shouting"]
    assert (found.name, found.distribution) == ("shouting", "loud-words 1.5")
    assert next(iter(found.options())) == "share"
    assert {"marks", "threshold", "action"} <= set(found.options())

    made = filter_of("shouting", share=0.5, threshold=0.9, marks=False)
    assert (type(made).__name__, made.threshold) == ("Shouting", 0.9)
    assert made.scan("HELLO").risk == 1
    assert made.scan("hello").risk == 0
    assert available()["made"].kind().__name__ == "Shouting"
    assert filter_of("made").name == "made"


def test_a_subclass_takes_what_its_bases_take_and_may_give_what_they_need(install: Install) -> None:
    install("loud-words", {"loud": "shouting:Loud"})
    assert {"tone", "marks", "attempts"} <= set(available()["loud"].options())
    made = filter_of("loud", marks=False, tone=2)
    assert (made.share, made.marks) == (0.1, False)
    with pytest.raises(ValueError, match="no option 'loudness'"):
        filter_of("loud", loudness=3)


def test_nothing_is_imported_until_asked_for(install: Install) -> None:
    install("loud-words", {"shouting": "shouting:Shouting"})
    assert "shouting" in available()
    assert "shouting" not in sys.modules
    filter_of("shouting", share=1.0)
    assert "shouting" in sys.modules


def test_a_filter_stays_what_it_is() -> None:
    one = BannedPhrases(["x"])
    assert filter_of(one) is one
    with pytest.raises(TypeError, match="made already: give action"):
        filter_of(one, action="block")


def test_an_unknown_name_tells_close_ones() -> None:
    with pytest.raises(ValueError, match=r"called 'baned_phrases'; did you mean 'banned_phrases'.*there are .*secrets"):
        filter_of("baned_phrases")
    with pytest.raises(ValueError, match=r"called 'x'; there are banned_patterns"):
        filter_of("x")


def test_without_any_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(ValueError, match="there is none: install controlgen again"):
        filter_of("secrets")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phrase": ["x"]}, r"no option 'phrase'; did you mean 'phrases'\? it takes phrases, case"),
        ({"phrases": ["x"], "zzz": 1}, "no option 'zzz'; it takes phrases"),
        ({}, "safety filter 'banned_phrases' of controlgen .*: the option 'phrases' is needed"),
        ({"phrases": []}, "no phrase is given"),
        ({"phrases": ["x"], "action": "burn"}, "action must be one of ban, "),
    ],
)
def test_options_that_do_not_fit(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        filter_of("banned_phrases", **options)


def test_options_reach_the_filter() -> None:
    one = filter_of("banned_phrases", phrases=["Kestrel"], case=False, action="block", name="names")
    assert (one.name, one.action) == ("names", "block")
    assert one.scan("kestrel").risk == 0
    assert one.scan("Kestrel").risk == 1


@pytest.mark.parametrize(
    ("module", "value", "message"),
    [
        ("import no_such_module_anywhere", "shouting:Shouting", "ModuleNotFoundError: No module named 'no_such_module"),
        ("1 / 0", "shouting:Shouting", "ZeroDivisionError"),
        ("def (", "shouting:Shouting", "SyntaxError"),
        (MODULE, "shouting:Whispering", "AttributeError.*Whispering"),
        (MODULE, "whispering:Shouting", "ModuleNotFoundError"),
    ],
)
def test_a_plugin_that_fails_to_load_is_named(install: Install, module: str, value: str, message: str) -> None:
    install("loud-words", {"shouting": value, "made": "shouting:made"}, module)
    told = f"'shouting' of loud-words 1.5: {value} can't be loaded: {message}"
    with pytest.raises(ImportError, match=told) as caught:
        filter_of("shouting")
    assert caught.value.__cause__ is not None
    assert filter_of("secrets").name == "secrets"  # the others don't suffer


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("shouting:number", "is no subclass of SafetyFilter and no function"),
        ("shouting:Finding", "is no subclass of SafetyFilter and no function"),
        ("shouting:no_filter", "gave int where a SafetyFilter is wanted"),
    ],
)
def test_a_plugin_that_is_no_filter_is_named(install: Install, value: str, message: str) -> None:
    install("loud-words", {"shouting": value})
    with pytest.raises(TypeError, match=f"'shouting' of loud-words 1.5: .*{message}"):
        filter_of("shouting")


def test_two_distributions_with_one_name(install: Install) -> None:
    """Also with a built-in: nobody's filter is replaced unseen."""
    install("loud-words", {"shouting": "shouting:Shouting", "secrets": "shouting:Shouting"})
    install("quiet-words", {"shouting": "shouting:Shouting"})
    with pytest.raises(ValueError, match=r"loud-words 1.5 and quiet-words 1.5 both have a safety filter 'shouting'"):
        filter_of("shouting", share=1.0)
    with pytest.raises(ValueError, match=r"controlgen \S+ and loud-words 1.5 both have a safety filter 'secrets'"):
        filter_of("secrets")
    assert filter_of("personal_data").name == "personal_data"


def test_listing_loads_no_plugin_module() -> None:
    code = "from controlgen.guidance.safety import available; available(); import sys; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "transformers" not in found.stdout.split()


def test_the_names_of_the_package() -> None:
    assert Registered.__name__ in safety.__all__
    assert all(getattr(safety, name) is not None for name in safety.__all__)

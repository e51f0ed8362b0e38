"""Filters by name: what installed distributions offer under the entry-point group `controlgen.safety_filters`.

Built-in filters are entry points of this distribution, so there is one way for all. Knows names and distributions;
nothing of a plugin is imported before it is asked for by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_type_hints

from controlgen.guidance.safety._base import SafetyFilter

__all__ = ["GROUP", "Registered", "available", "filter_of"]

GROUP = "controlgen.safety_filters"

Factory = Callable[..., SafetyFilter]


@dataclass(frozen=True)
class Registered:
    """A name, and who offers a filter under it.

    Attributes:
        name: of the entry point.
        points: the entry point; several where distributions quarrel about the name, and then none can be loaded.
    """

    name: str
    points: tuple[EntryPoint, ...]

    @property
    def distribution(self) -> str:
        """Name and version of the distribution that the filter comes from; of all of them, if several."""
        return " and ".join(sorted(_distribution(point) for point in self.points))

    def load(self) -> Factory:
        """Import what the entry point names: a `SafetyFilter` subclass, or a factory that returns one.

        Raises:
            ValueError: two distributions have a filter of this name.
            ImportError: the import fails, whatever it raises; the distribution is named.
            TypeError: it is neither a subclass nor something that can be called.
        """
        if len(self.points) > 1:
            raise ValueError(
                f"{self.distribution} both have a safety filter {self.name!r}, and which one is meant can't be told: "
                "uninstall one, or pass a filter object instead of its name"
            )
        (point,) = self.points
        try:
            found = point.load()
        except Exception as error:  # a plugin's module may raise anything
            raise ImportError(
                f"{self}: {point.value} can't be loaded: {type(error).__name__}: {error}; repair or uninstall it"
            ) from error
        if not callable(found) or (isinstance(found, type) and not issubclass(found, SafetyFilter)):
            raise TypeError(f"{self}: {point.value} is no subclass of SafetyFilter and no function that returns one")
        factory: Factory = found
        return factory

    def make(self, **options: Any) -> SafetyFilter:
        """The filter with these options.

        Raises:
            ValueError: an option that it does not have, or needs and is not given; and what it raises itself.
            TypeError: the factory returns something else.
            ImportError: see `load`.
        """
        factory = self.load()
        self._check(factory, options)
        made = factory(**options)
        if not isinstance(made, SafetyFilter):
            raise TypeError(f"{self}: it gave {type(made).__name__} where a SafetyFilter is wanted")
        return made

    def options(self) -> dict[str, inspect.Parameter]:
        """The options that can be given, by name, required ones first."""
        taken, _ = _parameters(self.load())
        return dict(sorted(taken.items(), key=lambda item: item[1].default is not inspect.Parameter.empty))

    def kind(self) -> type[SafetyFilter]:
        """The class of the filter, as far as it is declared: of a factory, by the annotation of what it returns."""
        found = self.load()
        if not isinstance(found, type):
            found = get_type_hints(found).get("return", SafetyFilter)
        return found if isinstance(found, type) and issubclass(found, SafetyFilter) else SafetyFilter

    def _check(self, factory: Factory, options: dict[str, Any]) -> None:
        taken, besides = _parameters(factory)
        for name in options:
            if name not in taken and besides is not None and name not in besides:
                near = get_close_matches(name, taken, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise ValueError(f"{self}: there is no option {name!r}; {hint}it takes {', '.join(taken)}")
        for name, parameter in taken.items():
            if parameter.default is inspect.Parameter.empty and name not in options:
                raise ValueError(f"{self}: the option {name!r} is needed")

    def __str__(self) -> str:
        return f"safety filter {self.name!r} of {self.distribution}"


def available() -> dict[str, Registered]:
    """What can be asked for by name, in alphabetical order; nothing is imported for it."""
    points: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        points.setdefault(point.name, []).append(point)
    return {name: Registered(name, tuple(points[name])) for name in sorted(points)}


def filter_of(named: str | SafetyFilter, /, **options: Any) -> SafetyFilter:
    """A filter by its name, with options; a filter stays what it is.

    Raises:
        ValueError: an unknown name (close ones are told), one that two distributions have, options that don't fit.
        ImportError: the plugin can't be loaded; its distribution is named.
        TypeError: the plugin gives no filter; options for a filter that is made already.
    """
    if isinstance(named, SafetyFilter):
        if options:
            raise TypeError(f"{named!r} is made already: give {', '.join(options)} where it is made")
        return named
    known = available()
    if named not in known:
        near = get_close_matches(named, known)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        there = f"there are {', '.join(known)}" if known else "there is none: install controlgen again"
        raise ValueError(f"no safety filter is called {named!r}; {hint}{there}")
    return known[named].make(**options)


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"


def _parameters(factory: Factory) -> tuple[dict[str, inspect.Parameter], set[str] | None]:
    """What can be given by keyword, and which names may be given besides: None is any.

    A subclass that hands `**arguments` on takes what its base classes take. What they need it may give them itself.
    """
    taken: dict[str, inspect.Parameter] = {}
    perhaps: set[str] = set()
    calls: list[Any] = [factory]
    if isinstance(factory, type):
        calls = [vars(base)["__init__"] for base in factory.__mro__ if "__init__" in vars(base)]
    for call in calls:
        parameters = list(inspect.signature(call).parameters.values())[call is not factory :]
        for parameter in parameters:
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                continue
            if call is calls[0] or parameter.default is not parameter.empty:
                taken.setdefault(parameter.name, parameter)
            else:
                perhaps.add(parameter.name)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return taken, perhaps
    return taken, None

"""Secrets: keys and tokens by their published formats, private keys, passwords in connection strings."""

from __future__ import annotations

from collections.abc import Mapping

from controlgen.guidance.safety._shapes import Kind, KindFilter

__all__ = ["Secrets"]


class Secrets(KindFilter):
    """Texts without secrets.

    Kinds: aws, github, gitlab, slack, stripe, google, openai, anthropic, huggingface, npm, pypi, jwt, private_key (the
    header of a PEM block) and connection (a URL with a user and a password). They are told by their prefix, alphabet
    and least length, which is all that their formats say; so scan and language are the same.

    Args:
        kinds: names out of these; None for all.
        arguments: those of `SafetyFilter`.

    Raises:
        ValueError: no kind, or one that is not known.
    """

    default_name = "secrets"

    @classmethod
    def known(cls) -> Mapping[str, tuple[Kind, ...]]:
        return _KINDS


def _begins(pattern: str) -> tuple[Kind, ...]:
    """A token whose beginning is enough; anything may follow."""
    return (Kind(pattern, after=""),)


_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "aws": (Kind("(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}", after=""),),
    "github": (*_begins("gh[pousr]_[0-9A-Za-z]{36}"), *_begins("github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}")),
    "gitlab": _begins("gl(?:pat|oas|dt|rt|ptt|cbt)-[0-9A-Za-z_-]{20}"),
    "slack": (*_begins("xox[abeoprs]-[0-9A-Za-z-]{10}"), *_begins("xapp-[0-9]-[0-9A-Za-z-]{10}")),
    "stripe": (*_begins("[rs]k_(?:live|test)_[0-9A-Za-z]{16}"), *_begins("whsec_[0-9A-Za-z+/]{24}")),
    "google": _begins("AIza[0-9A-Za-z_-]{35}"),
    "openai": (*_begins("sk-[0-9A-Za-z]{32}"), *_begins("sk-(?:proj|svcacct|admin)-[0-9A-Za-z_-]{20}")),
    "anthropic": _begins("sk-ant-[0-9a-z]+-[0-9A-Za-z_-]{20}"),
    "huggingface": _begins("(?:hf|api_org)_[0-9A-Za-z]{34}"),
    "npm": _begins("npm_[0-9A-Za-z]{36}"),
    "pypi": _begins("pypi-AgE[0-9A-Za-z_-]{20}"),
    "jwt": _begins(r"eyJ[0-9A-Za-z_-]{5,}\.eyJ[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]{10}"),
    "private_key": _begins("-----BEGIN (?:[0-9A-Z]+ ){0,3}PRIVATE KEY"),
    "connection": (Kind(r"[0-9A-Za-z]://[^\s:/@\"'<>]*:[^\s/@\"'<>]+@[0-9A-Za-z\[]", before="", after=""),),
}

"""Secrets: keys and tokens by their published formats, private keys, passwords in connection strings."""

from __future__ import annotations

from collections.abc import Mapping

from controlgen.guidance.safety._shapes import Kind, KindFilter

__all__ = ["Secrets"]


class Secrets(KindFilter):
    r"""Texts without secrets.

    Kinds: aws, github, gitlab, slack, stripe, google, openai, anthropic, huggingface, npm, pypi, jwt, private_key (the
    header of a PEM block) and connection (a URL with a user and a password). They are told by their prefix, alphabet
    and least length, which is all that their formats say. The language bars them once the prefix and 4 characters stand
    there (12 behind `sk-`, `hf_` and `npm_`), a JWT from the first 8 characters of any JSON object in base64: whole,
    they would not fit side by side. It also bars escapes `\uXXXX` of what is no control character.

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


def _token(prefix: str, body: str, least: int, certain: int = 4) -> Kind:
    """A prefix and at least so many characters of a body; anything may follow."""
    return Kind(f"{prefix}{body}{{{least}}}", certain=f"{prefix}{body}{{{min(least, certain)}}}", after="")


_ALNUM, _URL = "[0-9A-Za-z]", "[0-9A-Za-z_-]"

_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "aws": (_token("(?:AKIA|ASIA|ABIA|ACCA)", "[A-Z2-7]", 16),),
    "github": (_token("gh[pousr]_", _ALNUM, 36), _token("github_pat_", "[0-9A-Za-z_]", 82)),
    "gitlab": (_token("gl(?:pat|oas|dt|rt|ptt|cbt)-", _URL, 20),),
    "slack": (_token("xox[abeoprs]-", "[0-9A-Za-z-]", 10), _token("xapp-[0-9]-", "[0-9A-Za-z-]", 10)),
    "stripe": (_token("[rs]k_(?:live|test)_", _ALNUM, 16), _token("whsec_", "[0-9A-Za-z+/]", 24)),
    "google": (_token("AIza", _URL, 35),),
    "openai": (_token("sk-", _ALNUM, 32, 12), _token("sk-(?:proj|svcacct|admin)-", _URL, 20)),
    "anthropic": (_token("sk-ant-[0-9a-z]{1,8}-", _URL, 20),),
    "huggingface": (_token("(?:hf|api_org)_", _ALNUM, 34, 12),),
    "npm": (_token("npm_", _ALNUM, 36, 12),),
    "pypi": (_token("pypi-AgE", _URL, 20),),
    "jwt": (Kind(rf"eyJ{_URL}{{5,}}\.eyJ{_URL}{{5,}}\.{_URL}{{10}}", certain=f"eyJ{_URL}{{5}}", after=""),),
    "private_key": (Kind("-----BEGIN (?:[0-9A-Z]+ ){0,3}PRIVATE KEY", before="", after=""),),
    "connection": (Kind(r"[0-9A-Za-z]://[^\s:/@\\\"'<>]*:[^\s/@\\\"'<>]+@[0-9A-Za-z\[]", before="", after=""),),
}

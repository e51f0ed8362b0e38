"""URIs and IRIs (RFC 3986, RFC 3987) and URI templates (RFC 6570) as terms."""

from __future__ import annotations

from dataclasses import dataclass

from .._regex import regex_term
from .._terms import Term, alt, lit, seq
from ._addresses import HEX, ipv6

__all__ = ["iri", "iri_reference", "uri", "uri_reference", "uri_template"]

_PLAIN = r"A-Za-z0-9._~!$&'()*+,;=-"  # unreserved and sub-delims, inside of a character class
_ENCODED = f"%{HEX}{{2}}"
_UCSCHAR = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef" + "".join(
    f"{chr(plane + (0x1000 if plane == 0xE0000 else 0))}-{chr(plane + 0xFFFD)}"
    for plane in range(0x10000, 0xF0000, 0x10000)
)
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"


@dataclass(frozen=True)
class _Grammar:
    """RFC 3986; with `more` characters in names, and `private` ones in queries, RFC 3987."""

    more: str = ""
    private: str = ""

    def _characters(self, others: str) -> str:
        return f"([{others}{self.more}{_PLAIN}]|{_ENCODED})"

    def absolute(self) -> Term:
        return seq(regex_term("[A-Za-z][A-Za-z0-9+.-]*:"), self._path(first=":@"), self._tail())

    def reference(self) -> Term:
        return alt(self.absolute(), seq(self._path(first="@"), self._tail()))

    def _path(self, first: str) -> Term:
        """Authority and path, or a path whose first segment, where no slash precedes it, may have `first`."""
        segments = f"(/{self._characters(':@')}*)*"
        return alt(
            seq(self._authority(), regex_term(segments)),
            regex_term(f"/({self._characters(':@')}+{segments})?"),
            regex_term(f"({self._characters(first)}+{segments})?"),
        )

    def _authority(self) -> Term:
        future = regex_term(rf"v{HEX}+\.[:{_PLAIN}]+")
        literal = seq(lit("["), alt(ipv6(), future), lit("]"))
        host = alt(literal, regex_term(f"{self._characters('')}*"))
        return seq(lit("//"), regex_term(f"({self._characters(':')}*@)?"), host, regex_term("(:[0-9]*)?"))

    def _tail(self) -> Term:
        query = f"{self._characters(':@/?' + self.private)}*"
        fragment = f"{self._characters(':@/?')}*"
        return regex_term(rf"(\?{query})?(#{fragment})?")


def uri() -> Term:
    return _Grammar().absolute()


def uri_reference() -> Term:
    return _Grammar().reference()


def iri() -> Term:
    return _Grammar(_UCSCHAR, _PRIVATE).absolute()


def iri_reference() -> Term:
    return _Grammar(_UCSCHAR, _PRIVATE).reference()


def uri_template() -> Term:
    literal = rf"([!#$&-;=?-\[\]_a-z~{_UCSCHAR}{_PRIVATE}]|{_ENCODED})"
    name = rf"[A-Za-z0-9_](\.?([A-Za-z0-9_]|{_ENCODED}))*"
    variable = rf"{name}(:[1-9][0-9]{{0,2}}|\*)?"
    return regex_term(rf"({literal}|\{{[+#./;?&]?{variable}(,{variable})*\}})*")

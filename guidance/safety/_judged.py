"""A judge of texts, asked about each of a text's readings: what stands in escapes is judged as it will be read."""

from __future__ import annotations

from collections.abc import Callable

from controlgen.guidance.safety._base import Finding
from controlgen.guidance.safety._text import merged, readings

__all__ = ["judged"]


def judged(text: str, judge: Callable[[str], Finding]) -> Finding:
    r"""What a judge finds in a text as it is written and, if it has JSON's escapes, with them resolved.

    The risk is the greater one, the spans are those of both, in the text as it is written. For `scan` of filters that
    prove nothing: else `\u0062omb` in a JSON string would pass a judge of words.

    Args:
        text: as it is written.
        judge: called once per reading.

    Raises:
        ValueError: a risk that is no probability, or a span outside the text that was judged.
    """
    found = [(reading, judge(reading.text)) for reading in readings(text)]
    for reading, finding in found:
        if not 0 <= finding.risk <= 1:
            raise ValueError(f"a risk of {finding.risk} is no probability")
        for start, end in finding.spans:
            if not 0 <= start <= end <= len(reading.text):
                raise ValueError(f"the span ({start}, {end}) is not in a text of {len(reading.text)} code points")
    spans = merged(reading.span(*span) for reading, finding in found for span in finding.spans)
    return Finding(max(finding.risk for _, finding in found), spans, found[0][1].text)

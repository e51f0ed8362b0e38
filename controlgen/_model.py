"""What a user holds: `Model` generates under constraints.

Joins the parts: tokenizer, vocabulary, languages, prompts, and the loop. Knows how a prompt is written and
how a constraint is made for a model; the steps themselves are the session's.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from threading import Lock
from typing import Any, Unpack, overload

import torch
from torch import Tensor

from controlgen._errors import ModelFolderError, OptionError
from controlgen._expert import ModelExpert
from controlgen._free import free_automaton
from controlgen._options import OptionArguments, Options
from controlgen._result import Draft, Reader, Result
from controlgen._row import Task
from controlgen._screen import compiled, restricted
from controlgen._session import Session
from controlgen.constraints import BudgetExceeded, CanonicalAutomaton, Language, Segmenter, TokenAutomaton, Vocabulary
from controlgen.constraints._deadline import MAX_SECONDS
from controlgen.constraints._expansion import MAX_STATES
from controlgen.families import Denoiser, Family
from controlgen.families._registry import recognise
from controlgen.guidance import Phrases

__all__ = ["Model"]

_KEPT_AUTOMATA = 64


class Model:
    """A denoiser with its tokenizer: generates under constraints.

    Attributes:
        denoiser: the network with its family's conventions.
        tokenizer: text to token ids.
        vocabulary: the bytes of the tokens.
    """

    def __init__(self, denoiser: Denoiser, tokenizer: Any) -> None:
        self.denoiser = denoiser
        self.tokenizer = tokenizer
        family = denoiser.family
        _check_tokenizer(tokenizer, family)
        self.vocabulary = Vocabulary.from_tokenizer(
            tokenizer,
            stop_ids=family.stop_ids,
            pad_ids=family.pad_ids,
            barred_ids=sorted(family.barred_ids | ({family.mask_id} - {None})),  # type: ignore[operator]
            size=family.vocab_size,
        )
        self._automata: dict[Any, TokenAutomaton] = {}
        self._lock = Lock()
        self._free: TokenAutomaton | None = None

    @classmethod
    def of(
        cls,
        network: Any,
        tokenizer: Any,
        *,
        family: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> Model:
        """A model from a network that is loaded already.

        Args:
            network: of a known family, on its device and in its dtype.
            tokenizer: its tokenizer: of transformers, or a `tokenizers.Tokenizer`.
            family: name of its family; None: what its configuration says.
            config: its configuration; None: `network.config`.

        Raises:
            NotADiffusionModel: no family has such a configuration.
            ModelFolderError: the family has no such name, or the tokenizer is not the network's.
        """
        found: Any = getattr(network, "config", {}) if config is None else config
        content = found.to_dict() if hasattr(found, "to_dict") else dict(found)
        entry = recognise(content, type(network).__name__, family)
        return cls(entry.build(network, content, tokenizer), tokenizer)

    @property
    def family(self) -> Family:
        """The conventions of the model."""
        return self.denoiser.family

    @property
    def network(self) -> Any:
        """The network itself."""
        return getattr(self.denoiser, "network", self.denoiser)

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.denoiser.device

    def language(self, output_type: Any) -> Language:
        """The language of an output type, JSON in the style that the model was trained on.

        Raises:
            UnsupportedConstraint: a part of it can't be enforced; every reason is listed.
            TypeError: not something that a language can be made of.
        """
        if isinstance(output_type, Language):
            return output_type
        return Language.of(output_type, whitespace=self.family.whitespace)

    def automaton(
        self,
        language: Language,
        *,
        canonical: bool = False,
        max_seconds: float | None = MAX_SECONDS,
        max_states: int = MAX_STATES,
    ) -> TokenAutomaton:
        """The language compiled for this model's vocabulary; compiled once per language object.

        canonical: only the segmentation that the tokenizer would give; max_seconds, max_states: the most time and
        states to take; see `Language.compile`.
        """
        key = (language.term, language.weights, language.borders, language.verify is None, canonical)
        with self._lock:
            known = self._automata.get(key)
        if known is None:
            known = language.compile(
                self.vocabulary,
                canonical=self.segmenter if canonical else None,
                max_seconds=max_seconds,
                max_states=max_states,
            )
            with self._lock:
                while len(self._automata) >= _KEPT_AUTOMATA:
                    self._automata.pop(next(iter(self._automata)))
                self._automata[key] = known
        if known.verify is language.verify:
            return known
        own = copy.copy(known)  # the same arrays; another check
        object.__setattr__(own, "verify", language.verify)
        return own

    @cached_property
    def segmenter(self) -> Segmenter:
        """The tokenizer as a judge of segmentations."""
        return Segmenter.of(self.tokenizer)

    def prompt(self, text: str, language: Language | None = None) -> str:
        """The prompt for a text and what is to be made of it: wrapped as the family does it.

        A text that starts with one of the family's special tokens is a prompt already and is taken as it is.
        """
        if text.startswith(self.family.special_tokens):
            return text
        return self.family.prompt(self.tokenizer, text, getattr(language, "schema", None))

    def encode(self, prompt: str) -> list[int]:
        """Token ids of a prompt."""
        encoding = self.tokenizer.encode(prompt, add_special_tokens=False)
        ids = list(getattr(encoding, "ids", encoding))
        begin = list(self.family.begin_ids)
        return ids if ids[: len(begin)] == begin else begin + ids

    def expert(self, prompt: str | None = None) -> ModelExpert:
        """This model as an expert or anti-expert beside another one with the same vocabulary; see `Experts`.

        prompt: what it sees instead of the prompts of the generation, as text: an anti-expert is often the same model
        with a prompt that asks for the unwanted. Only for models that see the whole canvas.

        Raises:
            OptionError: a model that can't read another one's canvas.
        """
        return ModelExpert(self.denoiser, self.vocabulary, None if prompt is None else self.encode(self.prompt(prompt)))

    def session(
        self,
        prompts: str | list[str],
        output_type: Any = None,
        *,
        max_new_tokens: int | Sequence[int] | None = None,
        fixed: Tensor | Sequence[int] | None = None,
        strict: bool = True,
        **options: Unpack[OptionArguments],
    ) -> Session:
        """A generation to be driven step by step; arguments as in `generate`.

        strict=False keeps the errors of single rows for `Session.outcomes` and runs the others.
        """
        prompts = [prompts] if isinstance(prompts, str) else list(prompts)
        lengths = self._lengths(max_new_tokens, len(prompts))
        types = output_type if isinstance(output_type, list) else [output_type] * len(prompts)
        if len(types) != len(prompts):
            raise OptionError(f"{len(types)} output types for {len(prompts)} prompts; give one, or one per prompt")
        templates = [None if fixed is None else self._template(fixed, length) for length in lengths]
        chosen = Options(**options)
        languages = {id(kind): None if kind is None else self.language(kind) for kind in types}  # one for equal rows
        chosen, languages = self._weighed(chosen, languages)
        tasks = [
            self._task(prompt, languages[id(kind)], template, chosen)
            for prompt, kind, template in zip(prompts, types, templates, strict=True)
        ]
        return Session(self.denoiser, tasks, lengths, chosen, strict=strict)

    @overload
    def generate(
        self,
        prompt: str,
        output_type: Any = None,
        *,
        max_new_tokens: int | Sequence[int] | None = None,
        fixed: Tensor | Sequence[int] | None = None,
        on_step: Callable[[Draft], object] | None = None,
        **options: Unpack[OptionArguments],
    ) -> Result: ...

    @overload
    def generate(
        self,
        prompt: list[str],
        output_type: Any = None,
        *,
        max_new_tokens: int | Sequence[int] | None = None,
        fixed: Tensor | Sequence[int] | None = None,
        on_step: Callable[[Draft], object] | None = None,
        **options: Unpack[OptionArguments],
    ) -> list[Result]: ...

    def generate(
        self,
        prompt: str | list[str],
        output_type: Any = None,
        *,
        max_new_tokens: int | Sequence[int] | None = None,
        fixed: Tensor | Sequence[int] | None = None,
        on_step: Callable[[Draft], object] | None = None,
        **options: Unpack[OptionArguments],
    ) -> Result | list[Result]:
        """Write an output of the given type for one prompt, or for each of several.

        Args:
            prompt: a text, wrapped as the family's prompt with the output type's schema; or a finished
                prompt, which starts with one of the family's special tokens. A list is one batch.
            output_type: whatever `Language.of` takes; a list has one type per prompt. None: unconstrained
                text up to the first stop token.
            max_new_tokens: tokens of the canvas, which the output does not exceed; one number, or one per prompt; None:
                the family's usual number.
            fixed: (L,) token ids that have to stand at their positions, -1 elsewhere.
            on_step: called with a `Draft` of each row after each step; text and value of a draft are always
                valid.
            **options: see `controlgen._options.Options`: steps, temperature, witness, sampler, order, threshold,
                block_length, seed, deadline, jump, candidates, canonical, guidance, particles, filters,
                trace.

        Raises:
            InfeasibleConstraint: no output fits; raised before the first forward pass, with the least number
                of tokens and the smallest set of parts that conflict (languages joined with `&`, the canvas,
                fixed tokens).
            UnsupportedConstraint: a part of the output type can't be enforced.
            ContextTooLong: prompt and canvas together exceed the model's context.
            VerificationError: the constraint is only `verified` and no candidate passed.
            BlockedOutput: a safety filter does not let the output pass.
            FilterError: a safety filter failed itself.
            RewardError: the reward of particles is -inf for every one of them.
            OptionError: an option outside its range.
        """
        session = self.session(prompt, output_type, max_new_tokens=max_new_tokens, fixed=fixed, **options)
        for output in session:
            if on_step is not None:
                for draft in output.drafts:
                    on_step(draft)
        return session.result() if isinstance(prompt, str) else session.results()

    def stream(
        self,
        prompt: str | list[str],
        output_type: Any = None,
        *,
        max_new_tokens: int | Sequence[int] | None = None,
        fixed: Tensor | Sequence[int] | None = None,
        **options: Unpack[OptionArguments],
    ) -> Iterator[Draft]:
        """The drafts of each step in order, as an iterator; a row's last draft has `final` set. See
        `generate`.

        Errors of the arguments are raised by the call itself, before the iterator is used; a row that ends without
        a passing candidate raises at the iterator's end.
        """
        session = self.session(prompt, output_type, max_new_tokens=max_new_tokens, fixed=fixed, **options)
        return _drafts(session)

    async def agenerate(
        self, prompt: str | list[str], output_type: Any = None, **arguments: Any
    ) -> Result | list[Result]:
        """`generate` for asyncio: every step runs in a worker thread; cancelling ends it after the step under way."""
        session = self.session(prompt, output_type, **arguments)
        while not session.done:
            await asyncio.to_thread(session.step)
        return session.result() if isinstance(prompt, str) else session.results()

    async def astream(
        self, prompt: str | list[str], output_type: Any = None, **arguments: Any
    ) -> AsyncIterator[Draft]:
        """`stream` for asyncio: every step runs in a worker thread; leaving the iterator ends the generation."""
        session = self.session(prompt, output_type, **arguments)
        while not session.done:
            output = await asyncio.to_thread(session.step)
            for draft in output.drafts:
                yield draft
        session.results()  # raises what a row ended with instead of a last draft

    def _lengths(self, max_new_tokens: int | Sequence[int] | None, rows: int) -> list[int]:
        given = self.family.canvas if max_new_tokens is None else max_new_tokens
        lengths = [given] * rows if isinstance(given, int) else list(given)
        if len(lengths) != rows:
            raise OptionError(f"{len(lengths)} max_new_tokens for {rows} prompts; give one, or one per prompt")
        for length in lengths:
            if length < 1:
                raise OptionError(f"max_new_tokens must be at least 1, not {length}")
        return lengths

    def _compiler(self, chosen: Options) -> Callable[[Language], TokenAutomaton]:
        return partial(compiled, partial(self.automaton, canonical=chosen.canonical), filters=chosen.safety)

    def _weighed(
        self, chosen: Options, languages: dict[int, Language | None]
    ) -> tuple[Options, dict[int, Language | None]]:
        """Phrases that are always on as weights of the languages, which is exact, instead of as factors.

        They stay factors where a row has no language, or where an automaton with them would be too large.
        """
        always = [one for one in chosen.guidances if isinstance(one, Phrases) and one.always_on]
        weighed = dict(languages)
        for key, language in languages.items():
            if language is None:
                return chosen, languages
            for one in always:
                language = language.score(one.scores)
            weighed[key] = language
        try:
            for scored in weighed.values() if always else ():
                whole = restricted(scored, chosen.safety)
                assert whole is not None
                self._compiler(chosen)(whole)
        except BudgetExceeded:
            return chosen, languages
        return replace(chosen, guidance=[one for one in chosen.guidances if one not in always]), weighed

    def _task(self, prompt: str, language: Language | None, fixed: Tensor | None, chosen: Options) -> Task:
        asked, language = language, restricted(language, chosen.safety)
        compiler = self._compiler(chosen)
        encoded = self.encode(self.prompt(prompt, asked))
        if language is None:
            return Task(
                encoded,
                self._free_automaton(),
                Reader(self.vocabulary, parse=_same, strict=False),
                exactness="free",
                fixed=fixed,
                compile=compiler,
                filters=chosen.safety,
                text=prompt,
            )
        automaton = compiler(language)
        return Task(
            prompt=encoded,
            automaton=automaton,
            reader=Reader(self.vocabulary, parse=_same if asked is None else asked.parse),
            exactness="exact" if language.verify is None else "verified",
            fixed=fixed,
            verify=language.verify,
            segmented=_segmentation_check(automaton),
            language=language,
            compile=compiler,
            filters=chosen.safety,
            text=prompt,
        )

    def _free_automaton(self) -> TokenAutomaton:
        if self._free is None:
            self._free = free_automaton(self.vocabulary)
        return self._free

    def _template(self, fixed: Tensor | Sequence[int], length: int) -> Tensor:
        template = torch.as_tensor(fixed, dtype=torch.int64)
        if template.shape != (length,):
            raise OptionError(f"fixed has shape {tuple(template.shape)}, the canvas has {length} positions")
        return template


def _drafts(session: Session) -> Iterator[Draft]:
    """The drafts of a session; at its end the error of a row that has no last one."""
    for output in session:
        yield from output.drafts
    session.results()


def _check_tokenizer(tokenizer: Any, family: Family) -> None:
    """Refuse a tokenizer that can't be this network's."""
    ids = tokenizer.get_vocab()
    largest = max(ids.values(), default=-1)
    if largest >= family.vocab_size:
        raise ModelFolderError(
            f"the tokenizer has token {largest}, the network {family.vocab_size} logit columns: "
            "not this model's tokenizer"
        )
    special = _special_ids(tokenizer)
    control: dict[int | None, str] = {family.mask_id: "mask", **dict.fromkeys(family.stop_ids, "stop")}
    texts = {token: text for text, token in ids.items() if token in control and token not in special}
    for token, text in sorted(texts.items()):
        raise ModelFolderError(
            f"token {token}, {family.name}'s {control[token]} token, is the text {text!r} in this tokenizer: not this "
            "model's tokenizer"
        )


def _special_ids(tokenizer: Any) -> set[int]:
    """Ids of added and special tokens."""
    added = getattr(tokenizer, "added_tokens_decoder", None)
    if added is None:
        added = tokenizer.get_added_tokens_decoder()
    return {int(token) for token in added} | set(getattr(tokenizer, "all_special_ids", ()))


def _segmentation_check(automaton: TokenAutomaton) -> Callable[[Tensor], bool] | None:
    """What has to agree with a canvas of an automaton that holds more than the tokenizer's own segmentations."""
    if isinstance(automaton, CanonicalAutomaton) and automaton.segmentation == "checked":
        return automaton.is_canonical
    return None


def _same(text: str) -> str:
    return text

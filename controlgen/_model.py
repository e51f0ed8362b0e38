"""What a user holds: `load` finds a model, `Model` generates with it.

Joins the parts: tokenizer, vocabulary, languages, prompts, and the loop. Knows how a prompt is written and
how a constraint is made for a model; the steps themselves are the session's.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Unpack, overload

import torch
from torch import Tensor

from controlgen._errors import ModelFolderError, ModelNotFound, OptionError
from controlgen._families import Denoiser, Family, open_denoiser
from controlgen._free import free_automaton
from controlgen._options import OptionArguments, Options
from controlgen._prompt import prompt_text
from controlgen._result import Draft, Reader, Result
from controlgen._row import Task
from controlgen._session import Session
from controlgen.constraints import CanonicalAutomaton, Language, Segmenter, TokenAutomaton, Vocabulary

__all__ = ["Model", "load"]

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
        self.vocabulary = Vocabulary.from_tokenizer(
            tokenizer,
            stop_ids=family.stop_ids,
            pad_ids=family.pad_ids,
            barred_ids=[family.mask_id],
            size=family.vocab_size,
        )
        self._automata: dict[Any, TokenAutomaton] = {}
        self._lock = Lock()
        self._free: TokenAutomaton | None = None

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

    def automaton(self, language: Language, *, canonical: bool = False) -> TokenAutomaton:
        """The language compiled for this model's vocabulary; compiled once per language object.

        canonical: only the segmentation that the tokenizer would give; see `Language.compile`.
        """
        key = (language.term, language.weights, language.borders, language.verify is None, canonical)
        with self._lock:
            known = self._automata.get(key)
        if known is None:
            known = language.compile(self.vocabulary, canonical=self.segmenter if canonical else None)
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
        """The prompt for a text and what is to be made of it.

        A text that starts with one of the family's special tokens is a prompt already and is taken as it is.
        """
        if text.startswith(self.family.special_tokens):
            return text
        return prompt_text(getattr(language, "schema", {"type": "string"}), text)

    def encode(self, prompt: str) -> list[int]:
        """Token ids of a prompt."""
        encoding = self.tokenizer.encode(prompt, add_special_tokens=False)
        return list(getattr(encoding, "ids", encoding))

    def session(
        self,
        prompts: str | list[str],
        output_type: Any = None,
        *,
        max_new_tokens: int | None = None,
        fixed: Tensor | Sequence[int] | None = None,
        strict: bool = True,
        **options: Unpack[OptionArguments],
    ) -> Session:
        """A generation to be driven step by step; arguments as in `generate`.

        strict=False keeps the errors of single rows for `Session.outcomes` and runs the others.
        """
        prompts = [prompts] if isinstance(prompts, str) else list(prompts)
        length = self.family.canvas if max_new_tokens is None else max_new_tokens
        if length < 1:
            raise OptionError(f"max_new_tokens must be at least 1, not {length}")
        types = output_type if isinstance(output_type, list) else [output_type] * len(prompts)
        if len(types) != len(prompts):
            raise OptionError(f"{len(types)} output types for {len(prompts)} prompts; give one, or one per prompt")
        template = None if fixed is None else self._template(fixed, length)
        chosen = Options(**options)
        languages = {id(kind): None if kind is None else self.language(kind) for kind in types}  # one for equal rows
        tasks = [
            self._task(prompt, languages[id(kind)], template, chosen.canonical)
            for prompt, kind in zip(prompts, types, strict=True)
        ]
        return Session(self.denoiser, tasks, length, chosen, strict=strict)

    @overload
    def generate(
        self,
        prompt: str,
        output_type: Any = None,
        *,
        max_new_tokens: int | None = None,
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
        max_new_tokens: int | None = None,
        fixed: Tensor | Sequence[int] | None = None,
        on_step: Callable[[Draft], object] | None = None,
        **options: Unpack[OptionArguments],
    ) -> list[Result]: ...

    def generate(
        self,
        prompt: str | list[str],
        output_type: Any = None,
        *,
        max_new_tokens: int | None = None,
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
            max_new_tokens: tokens of the canvas, which the output does not exceed; None: the family's usual
                number.
            fixed: (L,) token ids that have to stand at their positions, -1 elsewhere.
            on_step: called with a `Draft` of each row after each step; text and value of a draft are always
                valid.
            **options: see `controlgen._options.Options`: steps, temperature, witness, order, threshold,
                block_length, seed, deadline, free_forced, candidates, canonical, guidance, trace.

        Raises:
            InfeasibleConstraint: no output fits; raised before the first forward pass, with the least number
                of tokens and the smallest set of parts that conflict (languages joined with `&`, the canvas,
                fixed tokens).
            UnsupportedConstraint: a part of the output type can't be enforced.
            ContextTooLong: prompt and canvas together exceed the model's context.
            VerificationError: the constraint is only `verified` and no candidate passed.
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
        max_new_tokens: int | None = None,
        fixed: Tensor | Sequence[int] | None = None,
        **options: Unpack[OptionArguments],
    ) -> Iterator[Draft]:
        """The drafts of each step in order, as an iterator; a row's last draft has `final` set. See
        `generate`.

        Errors of the arguments are raised by the call itself, before the iterator is used.
        """
        session = self.session(prompt, output_type, max_new_tokens=max_new_tokens, fixed=fixed, **options)
        return (draft for output in session for draft in output.drafts)

    def _task(self, prompt: str, language: Language | None, fixed: Tensor | None, canonical: bool) -> Task:
        if language is None:
            reader = Reader(self.vocabulary, parse=_same, strict=False)
            ids = self.encode(self.prompt(prompt))
            return Task(ids, self._free_automaton(), reader, exactness="free", fixed=fixed)
        automaton = self.automaton(language, canonical=canonical)
        return Task(
            prompt=self.encode(self.prompt(prompt, language)),
            automaton=automaton,
            reader=Reader(self.vocabulary, parse=language.parse),
            exactness="exact" if language.verify is None else "verified",
            fixed=fixed,
            verify=language.verify,
            segmented=_segmentation_check(automaton),
            language=language,
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


def load(
    name: str | os.PathLike[str] | None = None,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Model:
    """Open a model folder; nothing is ever downloaded.

    Args:
        name: path of a model folder; None: the model that comes with the package.
        device: None: the first CUDA device where there is one, else the CPU.
        dtype: of the weights and activations; None: bfloat16 where the device computes it natively, else
            float32.

    Raises:
        ModelNotFound: no such folder; the message says what is looked for.
        ModelFolderError: a folder that is no model of a known family, or is damaged.
    """
    folder = _folder(name)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    denoiser = open_denoiser(folder, place, _default_dtype(place) if dtype is None else dtype)
    return Model(denoiser, _tokenizer(folder))


def _folder(name: str | os.PathLike[str] | None) -> Path:
    if name is None:
        from controlgen.embedded import WEIGHTS

        if not (WEIGHTS / "config.json").is_file():
            raise ModelNotFound(f"the packaged model is missing from {WEIGHTS}: reinstall, or load('FOLDER')")
        return WEIGHTS
    folder = Path(name)
    if not folder.is_dir():
        raise ModelNotFound(
            f"{os.fspath(name)}: not a folder; load() takes the path of a model folder or, without a name, "
            "the packaged model, and downloads nothing"
        )
    return folder


def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelFolderError(f"{path}: missing; a model folder holds its tokenizer")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise ModelFolderError(f"{path}: not a tokenizer: {str(error).partition(chr(10))[0]}") from error


def _default_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on CUDA and on CPUs with matrix units for it; elsewhere it is emulated and slower than
    float32.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if device.type == "cpu" and torch.cpu._is_amx_tile_supported() else torch.float32


def _segmentation_check(automaton: TokenAutomaton) -> Callable[[Tensor], bool] | None:
    """What has to agree with a canvas of an automaton that holds more than the tokenizer's own segmentations."""
    if isinstance(automaton, CanonicalAutomaton) and automaton.segmentation == "checked":
        return automaton.is_canonical
    return None


def _same(text: str) -> str:
    return text

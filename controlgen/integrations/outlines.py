"""A diffusion model for Outlines: `outlines.Generator(model, Invoice)`, `model("…", Invoice)`, batches and streams.

Knows how Outlines hands over prompts and output types, and what its types mean; nothing of the loop. Outlines' own
logits processors mask one next token after another, so none is used: the output type itself reaches the session,
which constrains the whole canvas. `Generator` takes instances of the classes that Outlines lists and of no others;
a model here is registered (`ABCMeta.register`) beside Outlines' offline vLLM model, of which it is the kind: local,
and told the output type. As everywhere in Outlines, what comes back is text.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

import typing_extensions
from outlines.inputs import Chat
from outlines.models.base import AsyncModel, Model, ModelTypeAdapter
from outlines.models.vllm import AsyncVLLM
from outlines.models.vllm_offline import VLLMOffline
from outlines.processors import OutlinesLogitsProcessor
from outlines.types.dsl import python_types_to_terms
from pydantic import BaseModel

import controlgen
from controlgen._session import Session
from controlgen.constraints import Language

__all__ = ["AsyncDiffusionModel", "DiffusionModel", "from_controlgen"]

_TOOLS = ("tools", "tool_choice", "functions")


class DiffusionTypeAdapter(ModelTypeAdapter):
    """From Outlines' inputs to a prompt, from its output types to a language.

    Args:
        model: whose tokenizer has the chat template, and whose family the style of JSON.
    """

    def __init__(self, model: controlgen.Model) -> None:
        self._model = model

    def format_input(self, model_input: Any) -> str:
        """The prompt: a text as it is (the family wraps it), a chat in the tokenizer's own template.

        Raises:
            TypeError: images, tools, or anything that is neither text nor a chat.
            ValueError: a chat that the model has no template for.
        """
        if isinstance(model_input, str):
            return model_input
        if isinstance(model_input, Chat):
            return self._chat([_message(message) for message in model_input.messages])
        raise TypeError(
            f"a diffusion language model reads a str or a Chat, not {type(model_input).__name__}; several prompts go "
            "to batch(), images and audio nowhere"
        )

    def format_output_type(self, output_type: Any = None) -> Language | None:
        """The language of an output type, as Outlines reads it: `Literal["a"]` is the text a, without quotes.

        Pydantic models, dataclasses and TypedDicts are the JSON texts that validate as them, checks of their own
        included. Besides Outlines' types: a `Language`, a JSON Schema as a dict, a compiled pattern.

        Raises:
            UnsupportedConstraint: a part can't be enforced; every reason is listed.
            TypeError: not an output type, or a logits processor.
        """
        if output_type is None:
            return None
        if isinstance(output_type, OutlinesLogitsProcessor):
            raise TypeError(
                f"{type(output_type).__name__} masks one next token after another, left to right; a diffusion model "
                "needs the output type itself: Generator(model, output_type)"
            )
        if isinstance(output_type, Language | Mapping | re.Pattern) or _is_record(output_type):
            return self._model.language(output_type)
        return self._model.language(python_types_to_terms(output_type))

    def _chat(self, messages: list[dict[str, str]]) -> str:
        """The messages as a finished prompt; a single one of the user's may do without a template."""
        family, tokenizer = self._model.family, self._model.tokenizer
        if getattr(tokenizer, "chat_template", None) is None:
            if [message["role"] for message in messages] != ["user"]:
                raise ValueError(f"{family.name}: no chat template; give a str, or a Chat with one message of the user")
            return messages[0]["content"]
        prompt = str(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
        if not prompt.startswith(family.special_tokens):
            raise ValueError(
                f"{family.name}: its chat template begins with {prompt[:16]!r}, not with one of the tokens that mark "
                f"a finished prompt ({', '.join(family.special_tokens) or 'it has none'}); give a str"
            )
        return prompt


class _Sessions:
    """What the synchronous and the asynchronous model have in common: the way from Outlines' arguments to a session.

    Args:
        model: a `controlgen.Model`.
        **options: of every call, unless it says otherwise: max_new_tokens, steps, seed, … of `Model.generate`.
    """

    def __init__(self, model: controlgen.Model, **options: Any) -> None:
        if not isinstance(model, controlgen.Model):
            raise TypeError(f"a controlgen.Model is needed, not {type(model).__name__}; see controlgen.load")
        self.model, self.options = model, options
        self.type_adapter: ModelTypeAdapter = DiffusionTypeAdapter(model)

    def session(self, prompts: list[Any], output_type: Any, options: Mapping[str, Any]) -> Session:
        """The generation for some inputs; errors of the arguments are raised here."""
        for name in _TOOLS:
            if options.get(name):
                raise TypeError(f"{name}: diffusion language models call no tools here; make the call an output type")
        language = self.type_adapter.format_output_type(output_type)
        texts = [self.type_adapter.format_input(prompt) for prompt in prompts]
        return self.model.session(texts, language, **{**self.options, **options})


class DiffusionModel(_Sessions, Model):
    """A `controlgen.Model` as an Outlines model.

        model = DiffusionModel(controlgen.load(), seed=0)
        Invoice.model_validate_json(model("Invoice no. 7 …", Invoice, max_new_tokens=64))

    Every text is a member of the output type, or an error is raised (`controlgen.ControlgenError`, or an error of
    `controlgen.constraints`). Keyword arguments are those of `controlgen.Model.generate`.
    """

    def generate(self, model_input: Any, output_type: Any = None, **inference_kwargs: Any) -> str:
        """The text for one prompt."""
        return self.generate_batch([model_input], output_type, **inference_kwargs)[0]

    def generate_batch(self, model_input: list[Any], output_type: Any = None, **inference_kwargs: Any) -> list[str]:
        """The texts for several prompts, decoded together."""
        session = self.session(list(model_input), output_type, inference_kwargs)
        for _ in session:
            pass
        return [result.text for result in session.results()]

    def generate_stream(self, model_input: Any, output_type: Any = None, **inference_kwargs: Any) -> Iterator[str]:
        """The text for one prompt in parts, each as soon as it can't change any more; joined they are the text.

        A diffusion model settles its positions in any order, so what has a gap before it waits. Errors of the
        arguments are raised by the call itself.
        """
        return _parts(self.session([model_input], output_type, inference_kwargs))


class AsyncDiffusionModel(_Sessions, AsyncModel):
    """`DiffusionModel` for asyncio: every step runs in a worker thread."""

    async def generate(self, model_input: Any, output_type: Any = None, **inference_kwargs: Any) -> str:
        """The text for one prompt."""
        return (await self.generate_batch([model_input], output_type, **inference_kwargs))[0]

    async def generate_batch(
        self, model_input: list[Any], output_type: Any = None, **inference_kwargs: Any
    ) -> list[str]:
        """The texts for several prompts, decoded together."""
        session = self.session(list(model_input), output_type, inference_kwargs)
        while not session.done:
            await asyncio.to_thread(session.step)
        return [result.text for result in session.results()]

    async def generate_stream(  # type: ignore[override]  # a generator, as Outlines' own models have it
        self, model_input: Any, output_type: Any = None, **inference_kwargs: Any
    ) -> AsyncIterator[str]:
        """See `DiffusionModel.generate_stream`."""
        parts = _parts(self.session([model_input], output_type, inference_kwargs))
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            yield part


VLLMOffline.register(DiffusionModel)
AsyncVLLM.register(AsyncDiffusionModel)


def from_controlgen(model: controlgen.Model, **options: Any) -> DiffusionModel:
    """An Outlines model over a `controlgen.Model`, in the manner of Outlines' own `from_…` functions.

    Args:
        model: see `controlgen.load`.
        **options: of every call, unless it says otherwise; those of `controlgen.Model.generate`.
    """
    return DiffusionModel(model, **options)


def _parts(session: Session) -> Iterator[str]:
    """What is settled after each step, without what was before; the last part ends the text, or the error is raised."""
    sent = 0
    for output in session:
        for draft in output.drafts:
            settled = draft.settled_text
            if len(settled) > sent:
                yield settled[sent:]
                sent = len(settled)
    rest = session.result().text[sent:]
    if rest:
        yield rest


def _message(message: Mapping[str, Any]) -> dict[str, str]:
    """One message of a chat, which must be text."""
    role, content = message.get("role"), message.get("content")
    if role not in ("system", "user", "assistant") or message.get("tool_calls"):
        raise TypeError(
            f"a message of a chat is the system's, the user's or the assistant's, without tools: {message!r}"
        )
    if not isinstance(content, str):
        raise TypeError(f"a diffusion language model reads text only: content must be a str, not {content!r}")
    return {"role": role, "content": content}


def _is_record(source: Any) -> bool:
    """Whether this is a type whose members are JSON objects: Pydantic knows more of it than Outlines' term keeps."""
    if not isinstance(source, type):
        return False
    return issubclass(source, BaseModel) or is_dataclass(source) or typing_extensions.is_typeddict(source)

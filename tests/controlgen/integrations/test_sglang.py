"""SGLang's interface as its source has it, in a fake engine: blocks, prompts' tails, both ways of scheduling."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from controlgen.constraints import InfeasibleConstraint, TokenAutomaton, UnsupportedConstraint
from controlgen.integrations import ConstrainedLowConfidence
from tests.controlgen.integrations import _small
from tests.controlgen.integrations._small import FLAG, LONG, MASK, PERSON, SIZE, STOP, TAGS, constraint

BLOCK = 8


def _config(fdfo: bool = False, **options: Any) -> SimpleNamespace:
    return SimpleNamespace(
        algorithm="ConstrainedLowConfidence",
        algorithm_config={"max_new_tokens": 64, "threshold": 0.6, **options},
        block_size=BLOCK,
        mask_id=MASK,
        first_done_first_out_mode=fdfo,
    )


class _Runner:
    """A model of random logits; they depend on the tokens of the block and on nothing else."""

    def forward(self, batch: Any, pp_proxy_tensors: Any = None) -> Any:
        code = int((batch.input_ids * torch.arange(1, len(batch.input_ids) + 1)).sum())
        logits = 4 * torch.randn(len(batch.input_ids), SIZE, generator=torch.Generator().manual_seed(code))
        return SimpleNamespace(logits_output=SimpleNamespace(full_logits=logits), can_run_graph=False)


class _Engine:
    """Runs requests to their end as the scheduler does: prompts in whole blocks first, then block by block."""

    def __init__(self, algorithm: Any, bare_logits: bool = False) -> None:
        self.algorithm = algorithm
        self.runner = _Runner()
        self.bare_logits = bare_logits

    def run(self, prompts: list[list[int]], limit: int = 64) -> list[list[int]]:
        """The generated tokens of each request, cut off at the stop token or the limit."""
        output: list[list[int]] = [[] for _ in prompts]
        active = list(range(len(prompts)))
        while active:
            self._blocks(active, prompts, output)
            for i in list(active):
                end = output[i].index(STOP) + 1 if STOP in output[i] else limit
                if len(output[i]) >= end:
                    output[i] = output[i][:end]
                    active.remove(i)
        return output

    def _blocks(self, active: list[int], prompts: list[list[int]], output: list[list[int]]) -> None:
        """The next block of each request, which may begin with the prompt's tail."""
        texts = [prompts[i] + output[i] for i in active]
        starts = [len(text) // BLOCK * BLOCK for text in texts]
        tails = [text[start:] for text, start in zip(texts, starts, strict=True)]
        blocks = [tail + [MASK] * (BLOCK - len(tail)) for tail in tails]
        batch = self._batch([f"request-{i}" for i in active], starts, blocks)
        decode = self._decode_in_rounds if self.algorithm.fdfo else self._decode
        decode(batch)
        for i, text, start, block in zip(active, texts, starts, batch.input_ids.view(-1, BLOCK).tolist(), strict=True):
            output[i] += block[len(text) - start :]

    def _batch(self, rids: list[str], starts: list[int], blocks: list[list[int]]) -> Any:
        ids = torch.tensor(blocks).view(-1)
        return SimpleNamespace(batch_size=len(rids), input_ids=ids, rids=rids, extend_prefix_lens_cpu=starts)

    def _step(self, batch: Any, states: list[Any]) -> list[bool]:
        out = self.runner.forward(batch).logits_output
        done: list[bool] = self.algorithm.step(batch, out.full_logits if self.bare_logits else out, states)
        return done

    def _decode(self, batch: Any) -> None:
        states = self.algorithm.init_step_state(batch)
        for _ in range(self.algorithm.max_steps(BLOCK)):
            if all(self._step(batch, states)):
                return
        raise AssertionError("not done after max_steps")

    def _decode_in_rounds(self, batch: Any) -> None:
        """One step a round; states that were not carried are made anew, for the whole batch, as the engine does."""
        carried: list[Any] = [None] * batch.batch_size
        for number in range(BLOCK + 1):
            fresh = self.algorithm.init_step_state(batch)
            states = [fresh[i] if state is None else state for i, state in enumerate(carried)]
            done = self._step(batch, states)
            if all(done):
                return
            carried = [None if done[i] and number % 2 else state for i, state in enumerate(states)]
        raise AssertionError("not done")


def _prompts(*lengths: int) -> list[list[int]]:
    return [[(7 * i + k) % 90 for k in range(length)] for i, length in enumerate(lengths)]


@pytest.mark.parametrize("schema", [PERSON, TAGS, LONG], ids=["person", "tags", "long"])
@pytest.mark.parametrize("fdfo", [False, True], ids=["sync", "fdfo"])
def test_requests_of_all_prompt_lengths_are_valid(schema: dict[str, Any], fdfo: bool) -> None:
    limit = 84 if schema is LONG else 64
    algorithm = ConstrainedLowConfidence(_config(fdfo, max_new_tokens=limit), constraint(schema))
    prompts = _prompts(1, 5, 8, 11, 16, 3)
    assert _small.share_valid(_Engine(algorithm).run(prompts, limit), [schema] * 6) == 1.0


@pytest.mark.parametrize("options", [{"witness": "sample", "seed": 3}, {"threshold": 2.0}, {"threshold": -1.0}])
def test_thresholds_and_witnesses(options: dict[str, Any]) -> None:
    algorithm = ConstrainedLowConfidence(_config(**options), constraint(PERSON))
    assert _small.share_valid(_Engine(algorithm, bare_logits=True).run(_prompts(4, 9)), [PERSON] * 2) == 1.0


def test_the_canvas_ends_within_a_block() -> None:
    least = constraint(PERSON).min_tokens
    algorithm = ConstrainedLowConfidence(_config(max_new_tokens=least), constraint(PERSON))
    rows = _Engine(algorithm).run(_prompts(3, 8), least)
    assert _small.share_valid(rows, [PERSON] * 2) == 1.0
    with pytest.raises(InfeasibleConstraint, match=f"at least {least} tokens"):
        ConstrainedLowConfidence(_config(max_new_tokens=least - 1), constraint(PERSON))


class _Each(ConstrainedLowConfidence):
    """A constraint for every other request."""

    def constraint_of(self, rid: str) -> TokenAutomaton | None:
        return constraint(FLAG) if int(rid[-1]) % 2 else None


def test_requests_with_and_without_a_constraint_share_a_batch() -> None:
    rows = _Engine(_Each(_config())).run(_prompts(4, 5, 8, 9))
    assert [_small.is_valid(row, FLAG) for row in rows] == [False, True, False, True]
    assert all(MASK not in row for row in rows)


def test_without_a_constraint_nothing_is_valid() -> None:
    rows = _Engine(ConstrainedLowConfidence(_config())).run(_prompts(4, 5, 8, 9))
    assert _small.share_valid(rows, [PERSON] * 4) == 0.0


def test_a_block_that_is_decoded_again_begins_where_it_did() -> None:
    """After a retraction the engine gives the same block anew."""
    algorithm = ConstrainedLowConfidence(_config(), constraint(TAGS))
    engine = _Engine(algorithm)
    blocks: list[Tensor] = []
    for _ in range(2):
        batch = engine._batch(["r"], [0], [[MASK] * BLOCK])
        engine._decode(batch)
        blocks.append(batch.input_ids.clone())
    assert torch.equal(*blocks)


def test_requests_that_could_not_be_kept_are_refused() -> None:
    ConstrainedLowConfidence(_config(max_new_tokens=64), constraint(TAGS))

    def answer(**sampling: Any) -> str | None:
        return ConstrainedLowConfidence.validate_request(SimpleNamespace(sampling_params=SimpleNamespace(**sampling)))

    assert answer(max_new_tokens=64, json_schema=None) is None
    assert "up to 64 tokens" in str(answer(max_new_tokens=63))
    assert "json_schema" in str(answer(max_new_tokens=64, json_schema="{}"))
    assert "ignore_eos" in str(answer(max_new_tokens=64, ignore_eos=True))


def test_what_does_not_fit_is_refused() -> None:
    schema = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    with pytest.raises(UnsupportedConstraint):
        ConstrainedLowConfidence(_config(), constraint(schema))
    with pytest.raises(ValueError, match="needs `tokenizer`"):
        ConstrainedLowConfidence(_config(json_schema=PERSON))
    algorithm = ConstrainedLowConfidence(_config(), constraint(TAGS))
    batch = _Engine(algorithm)._batch([], [0], [[MASK] * BLOCK])
    batch.batch_size = 1
    with pytest.raises(RuntimeError, match="rids"):
        algorithm.step(batch, torch.zeros(BLOCK, SIZE), [{}])


def test_a_configuration_names_schema_and_tokenizer(tmp_path: Any) -> None:
    from tests.controlgen.zoo import _tokenizer

    _tokenizer.save(tmp_path, ["<|end|>"], eos_token="<|end|>")
    (tmp_path / "schema.json").write_text('{"type": "boolean"}', encoding="utf-8")
    options = {"json_schema": str(tmp_path / "schema.json"), "tokenizer": str(tmp_path), "vocab_size": 330}
    algorithm = ConstrainedLowConfidence(_config(**options))
    assert algorithm.constraint is not None
    assert algorithm.constraint.vocab_size == 330

"""The training loop on one or several processes: forward, backward, average, update; log, evaluate, save.

Rank 0 decides by the clock what happens (learning rate, evaluation, saving, stopping) and tells the others
every few steps. Gradients lie in one flat buffer that is averaged with one call per step.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from batches import Packer, Pool, Recipe, Shape, Special, fit_shape
from evaluate import evaluate, report
from feed import Batch, Feed, to_batch
from objective import masked_loss
from optimizer import Optimizer, schedule
from packed import KERNEL, PackedModel, check_flash
from producers import HeldOut, Producers, tokenise, wait_for
from tokenizers import Tokenizer
from torch import Tensor

from controlgen.embedded.configuration_embedded import EmbeddedDiffusionConfig
from controlgen.embedded.modeling_embedded import EmbeddedDiffusionModel, save_folder


def train(
    arguments: argparse.Namespace,
    producers: Producers,
    held_out: HeldOut,
    history: list[dict[str, Any]],
    started: float,
) -> None:
    """Run until the time is up, then evaluate and save."""
    trainer = Trainer(arguments, producers, held_out, history, started)
    try:
        trainer.run()
    finally:
        trainer.close()


def head(
    model: EmbeddedDiffusionModel, x: Tensor, clean: Tensor, loss_weight: Tensor, total: Tensor
) -> Tensor:
    """The loss of the canvas vectors x (C, d): a scalar tensor."""
    return masked_loss(model.logits(x), clean.long(), loss_weight, total).sum()


class Trainer:
    """State of one run."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        producers: Producers,
        held_out: HeldOut,
        history: list[dict[str, Any]],
        started: float,
    ) -> None:
        self.arguments, self.producers, self.held_out = arguments, producers, held_out
        self.history, self.started = history, started
        self.rank, self.world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self.device = self._device()
        self.half = self.device.type == "cuda"
        self.control_every = 10 if self.half and arguments.steps is None else 1
        self.stopping = False
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        torch.set_float32_matmul_precision("high")
        torch.manual_seed(0)
        self.tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
        self.model = self._model().to(self.device)
        self.optimizer = Optimizer(
            self.model, muon_lr=arguments.muon_lr, adam_lr=arguments.adam_lr, decay=arguments.weight_decay
        )
        self._restore()
        self._choose_kernels()
        compiled = arguments.compile if arguments.compile is not None else self.half
        self.packed = PackedModel(self.model, compiled=compiled, half=self.half)
        self.head = torch.compile(head, dynamic=False, fullgraph=True) if compiled else head
        self.packer, self.feed = self._data()
        self.loss_sum = torch.zeros(3, device=self.device)  # loss, gradient norm, dropped steps
        self.steps = 0
        self.say(f"ready: {self.packer.shape}, {self.parameters() / 1e6:.1f} M parameters")

    # -- setting up

    def say(self, text: str) -> None:
        if self.rank == 0:
            print(f"[{self.elapsed():7.1f} s] {text}", flush=True)

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())

    def _on_signal(self, number: int, frame: object) -> None:
        self.stopping = True

    def _device(self) -> torch.device:
        cuda = torch.cuda.is_available()
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if cuda else torch.device("cpu")
        if cuda:
            torch.cuda.set_device(device)
        if self.world > 1:
            dist.init_process_group("nccl" if cuda else "gloo", device_id=device if cuda else None)
        return device

    def _model(self) -> EmbeddedDiffusionModel:
        a = self.arguments
        if a.init:
            model = EmbeddedDiffusionModel.from_pretrained(a.init, dtype=torch.float32)
            model.config.max_prompt = max(model.config.max_prompt, a.max_prompt)
            model.config.max_canvas = max(model.config.max_canvas, a.max_canvas)
            self.say(f"weights from {a.init}, after {sum(int(r['steps']) for r in self.history)} steps")
            return model.train()
        names = ("pad", "eos", "mask", "schema", "text", "record")
        tokens = ("pad", "end", "mask", "schema", "text", "record")
        ids = {
            f"{n}_token_id": self.tokenizer.token_to_id(f"<|{t}|>")
            for n, t in zip(names, tokens, strict=True)
        }
        if None in ids.values():
            raise ValueError(f"{a.tokenizer} lacks control tokens: {ids}")
        config = EmbeddedDiffusionConfig(
            vocab_size=self.tokenizer.get_vocab_size(), hidden_size=a.hidden_size,
            intermediate_size=a.intermediate_size, num_hidden_layers=a.layers, num_attention_heads=a.heads,
            max_prompt=a.max_prompt, max_canvas=a.max_canvas, **ids,
        )  # fmt: skip
        return EmbeddedDiffusionModel(config).train()

    def _restore(self) -> None:
        path = self.arguments.state
        if path and path.exists():
            state = torch.load(path, map_location=self.device, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.history = state["history"]
            self.say(f"training state from {path}, step {self.optimizer.steps}")
        elif path and self.arguments.init:
            self.say(f"no training state at {path}: the optimiser begins anew")
        if self.world > 1:
            for parameter in self.model.parameters():
                dist.broadcast(parameter.data, 0)

    def _choose_kernels(self) -> None:
        if not self.half:
            return
        config = self.model.config
        reason = check_flash(self.device, config.num_attention_heads, config.head_size)
        if reason:
            KERNEL["flash"] = False
            print(f"rank {self.rank}: plain attention instead of flash, because {reason}", flush=True)

    def _data(self) -> tuple[Packer, Feed]:
        a, config = self.arguments, self.model.config
        rng = np.random.default_rng([a.seed, self.rank])
        pool = Pool(rng, capacity=a.pool, uses=a.uses, least=a.pool // 6)
        pool.add(wait_for(self.producers, a.first, 120.0))
        recipe = Recipe()
        shape = fit_shape(
            pool.samples,
            recipe,
            tokens=a.tokens,
            copies=a.copies,
            max_prompt=a.max_prompt,
            max_canvas=a.max_canvas,
        )
        if self.world > 1:  # the same load for everybody
            numbers = torch.tensor(
                [shape.prompt_tokens, shape.canvas_tokens, shape.examples], device=self.device
            )
            dist.broadcast(numbers, 0)
            shape = Shape(*numbers.tolist(), a.copies, a.max_prompt, a.max_canvas)
        special = Special(
            config.pad_token_id, config.eos_token_id, config.mask_token_id, config.record_token_id
        )
        packer = Packer(shape, recipe, special, rng)
        return packer, Feed(self.producers, pool, packer, self.device)

    # -- the loop

    def run(self) -> None:
        a = self.arguments
        total = a.seconds - a.reserve - self.elapsed()
        begun, logged = self.elapsed(), self.elapsed()
        next_eval = begun + (a.eval_every or float("inf"))
        next_save = begun + (a.save_every or float("inf"))
        decay = a.decay if a.final else 0.0
        factor, waited, marks = 0.0, 0.0, (0, 0, 0)
        while True:
            if self.steps % self.control_every == 0:
                now = self.elapsed()
                wish = [
                    self._factor(now - begun, total, decay),
                    float(self.stopping or now - begun >= total or self.steps == a.steps),
                    float(now >= next_eval),
                    float(now >= next_save),
                ]
                factor, stop, evaluation, saving = self._agree(wish)
                if stop:
                    break
                if evaluation:
                    self._evaluate()
                    next_eval = self.elapsed() + a.eval_every
                if saving:
                    self._save_weights()
                    next_save = self.elapsed() + a.save_every
            before = time.monotonic()
            batch = self.feed.next()
            waited += time.monotonic() - before
            self._step(batch, factor)
            if self.steps == 1 or self.elapsed() - logged >= a.log_every:
                self._log(factor, waited, self.elapsed() - logged, marks)
                marks = (self.steps, self.feed.pool.drawn, self.feed.pool.added)
                logged, waited = self.elapsed(), 0.0
        self.say(f"training ends after {self.steps} steps")
        self._finish()

    def _factor(self, elapsed: float, total: float, decay: float) -> float:
        """The factor on the learning rates: by time, or by steps where their number is given."""
        a = self.arguments
        if a.steps is None:
            return schedule(elapsed, total, warmup=a.warmup, decay=decay)
        return schedule(self.steps, a.steps, warmup=0.05 * a.steps, decay=decay)

    def _agree(self, wish: list[float]) -> list[float]:
        if self.world == 1:
            return wish
        numbers = torch.tensor(wish, device=self.device)
        dist.broadcast(numbers, 0)
        return numbers.tolist()  # type: ignore[no-any-return]

    def _loss(self, batch: Batch) -> Tensor:
        split = self.packer.shape.prompt_tokens
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            x = self.packed.hidden(batch.tokens, batch.positions, split, batch.layout)
            return self.head(self.model, x, batch.clean, batch.loss_weight, batch.total_weight)

    def _backward(self, batch: Batch) -> Tensor:
        """Loss and gradients; if the very first compiled step fails, the run goes on without the compiler."""
        try:
            loss = self._loss(batch)
            loss.backward()
        except torch.OutOfMemoryError:
            raise
        except Exception:
            if self.steps > 0 or self.head is head:
                raise
            print(f"rank {self.rank}: the compiled step fails, going on without:\n{traceback.format_exc()}")
            self.packed, self.head = PackedModel(self.model, half=self.half), head
            self.optimizer.flat.zero_()
            loss = self._loss(batch)
            loss.backward()
        return loss.detach()

    def _step(self, batch: Batch, factor: float) -> None:
        loss = self._backward(batch)
        if self.world > 1:
            dist.all_reduce(self.optimizer.flat)
            self.optimizer.flat.div_(self.world)
        norm = self.optimizer.step(factor)
        bad = (~norm.isfinite()).float()
        self.loss_sum += torch.stack((loss, norm, bad)).nan_to_num()
        self.steps += 1

    def _log(self, factor: float, waited: float, seconds: float, marks: tuple[int, int, int]) -> None:
        steps = self.steps - marks[0]
        loss, norm, bad = (self.loss_sum / steps).tolist()
        self.loss_sum.zero_()
        pool, shape = self.feed.pool, self.packer.shape
        drawn, added = pool.drawn - marks[1], pool.added - marks[2]
        tokens = steps * (shape.prompt_tokens + shape.canvas_tokens) * self.world
        memory = torch.cuda.max_memory_allocated() / 2**30 if self.half else 0.0
        rates = f"{tokens / seconds / 1e3:.0f} k tok/s, {1000 * seconds / steps:.0f} ms/step"
        reuse = f"{pool.drawn / max(pool.added, 1):.2f}x (now {drawn / max(added, 1):.2f}x)"
        self.say(
            f"step {self.steps} loss {loss:.4f} norm {norm:.3f} lr x{factor:.3f} | {rates}, "
            f"{drawn / steps:.0f} examples/step | rank 0: new {added / seconds:.0f}/s, used {reuse}, "
            f"pool {len(pool)}, waited {waited / seconds:.0%}, {memory:.1f} GiB"
            + (f", DROPPED {bad:.1%} of steps" if bad else "")
        )

    # -- evaluation and saving

    def _evaluate(self) -> None:
        begun = time.monotonic()
        for name in self.held_out.names:
            examples = self.held_out.examples(10.0 if self.rank == 0 else 12.0).get(name, [])
            self._evaluate_source(name, examples)
        self.say(f"evaluated in {time.monotonic() - begun:.1f} s")

    def _evaluate_source(self, name: str, examples: list[Any]) -> None:
        """Held-out loss at fixed noise, and fields right under plain greedy decoding, over all ranks."""
        counts: Counter[str] = Counter()
        losses = [0.0, 0.0]
        if examples:
            counts = evaluate(
                self.model, self.tokenizer, examples, steps=self.arguments.eval_steps, half=self.half
            )
            losses = [self._held_out_loss(examples), 1.0]
        gathered: list[Any] = [(counts, losses)]
        if self.world > 1:
            gathered = [None] * self.world
            dist.all_gather_object(gathered, (counts, losses))
        total: Counter[str] = sum((c for c, _ in gathered), Counter())
        loss = sum(x[0] for _, x in gathered) / max(sum(x[1] for _, x in gathered), 1.0)
        self.say(f"held-out {name}: loss {loss:.4f}, {self.arguments.eval_steps} steps: {report(total)}")
        if self.rank == 0:
            self.latest = {**getattr(self, "latest", {}), name: report(total), f"{name} loss": round(loss, 4)}

    def _held_out_loss(self, examples: list[Any]) -> float:
        """The objective over one batch of these examples; the same noise each time."""
        shape = self.packer.shape
        samples = [tokenise(self.tokenizer, example) for example in examples]
        samples = [
            s for s in samples if len(s.prompt) <= shape.max_prompt and len(s.record) < shape.max_canvas
        ]
        if not samples:
            return 0.0
        rng = np.random.default_rng(0)
        pool = Pool(rng, capacity=len(samples), uses=1 << 30, least=len(samples))
        pool.add(samples)
        packer = Packer(shape, Recipe(prompt_dropout=0.0), self.packer.special, rng)
        batch = to_batch([torch.from_numpy(x).to(self.device) for x in packer.pack(pool)], packer)
        return float(self._loss(batch).detach())  # with gradients on, so that nothing compiles anew

    def _record(self) -> list[dict[str, Any]]:
        shape, pool = self.packer.shape, self.feed.pool
        return [
            *self.history,
            {
                "steps": self.steps, "seconds": round(self.elapsed(), 1), "processes": self.world,
                "device": torch.cuda.get_device_name() if self.half else "cpu", "final": self.arguments.final,
                "tokens": self.steps * (shape.prompt_tokens + shape.canvas_tokens) * self.world,
                "examples_drawn": pool.drawn * self.world, "examples_new": pool.added * self.world,
                "seed": self.arguments.seed, "copies": shape.copies, "torch": str(torch.__version__),
                "held_out": getattr(self, "latest", {}),
            },
        ]  # fmt: skip

    def _save_weights(self) -> None:
        """Write elsewhere first, then move file by file: a run that is killed meanwhile leaves the old
        folder.
        """
        if self.rank != 0:
            return
        target: Path = self.arguments.save
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            save_folder(self.model, folder)
            (Path(folder) / "training.json").write_text(json.dumps(self._record(), indent=1) + "\n")
            for stale in target.glob("model*.safetensors"):
                if not (Path(folder) / stale.name).exists():
                    stale.unlink()
            for file in sorted(Path(folder).iterdir()):
                shutil.copyfile(file, target / file.name)
        self.say(f"weights saved to {target}")

    def _finish(self) -> None:
        self._save_weights()  # first: what follows may be cut off
        self._evaluate()
        if self.rank != 0:
            return
        record = json.dumps(self._record(), indent=1) + "\n"
        (self.arguments.save / "training.json").write_text(record)
        if self.arguments.state:
            state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
            state["history"] = self._record()
            half_written = self.arguments.state.with_suffix(".part")
            torch.save(state, half_written)
            half_written.replace(self.arguments.state)
            self.say(f"training state saved to {self.arguments.state}")
        self.say("done")

    def close(self) -> None:
        self.feed.close()
        self.producers.close()
        if self.world > 1:
            dist.destroy_process_group()

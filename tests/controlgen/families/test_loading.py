"""`load` and `Model.of`: which family a folder is of, and everything that is refused, with what the message says.

The folders are those of `tests.controlgen.zoo`, laid out as on the Hub, remote code included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

import controlgen
from controlgen import Model
from controlgen._errors import (
    InfeasibleConstraint,
    ModelFolderError,
    ModelNotFound,
    ModelOutputError,
    NotADiffusionModel,
    OptionError,
)
from controlgen.constraints import Regex
from controlgen.families import Entry, Family, FullCanvas, entries, register
from controlgen.families._registry import _ENTRIES
from tests.controlgen import tiny
from tests.controlgen.zoo import _tokenizer, bd3lm, dream, fast_dllm, llada, llada2, mdlm, sdar, sedd

NAME = Regex("[A-Z][a-z]{2,6}")
FOLDERS: dict[str, Any] = {
    "llada": llada,
    "dream": dream,
    "sdar": sdar,
    "llada2": llada2,
    "fast_dllm": fast_dllm,
    "mdlm": mdlm,
    "bd3lm": bd3lm,
}
NAMES = {
    "llada": "LLaDA",
    "dream": "Dream",
    "sdar": "SDAR",
    "llada2": "LLaDA2.0",
    "fast_dllm": "Fast-dLLM v2",
    "mdlm": "MDLM",
    "bd3lm": "BD3-LM",
}
WITHOUT_STOP = ("mdlm", "bd3lm")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder of a family, written once."""
    made: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name)
            FOLDERS[name].save(made[name], seed=1)
        return made[name]

    return of


def load(path: Path, **options: Any) -> Model:
    return controlgen.load(path, device="cpu", dtype=torch.float32, **options)


def copied(source: Path, target: Path, *, without: str = "") -> Path:
    for file in source.iterdir():
        if file.is_file() and not (without and file.match(without)):
            (target / file.name).write_bytes(file.read_bytes())
    return target


def changed(source: Path, target: Path, **entries_of_config: Any) -> Path:
    """A copy of a folder with other entries in its config.json; None takes one out."""
    copied(source, target)
    config = {**json.loads((target / "config.json").read_text()), **entries_of_config}
    kept = {key: value for key, value in config.items() if value is not None}
    (target / "config.json").write_text(json.dumps(kept))
    return target


# -- recognition -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FOLDERS)
def test_a_family_is_recognised_and_generates(name: str, folder: Callable[[str], Path]) -> None:
    model = load(folder(name), trust_remote_code=True)
    assert model.family.name == NAMES[name]
    assert model.device == torch.device("cpu")
    assert next(model.network.parameters()).dtype == torch.float32
    prompt = "Who wrote it? "
    if name in WITHOUT_STOP:
        text = model.generate(prompt, Regex("[a-z]{6,24}"), max_new_tokens=8, seed=0).text
        assert re.fullmatch("[a-z]{6,24}", text)
    else:
        text = model.generate(prompt, NAME, max_new_tokens=12, seed=0).text
        assert re.fullmatch("[A-Z][a-z]{2,6}", text)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_gives_what_the_network_in_memory_gives(name: str, folder: Callable[[str], Path]) -> None:
    loaded = load(folder(name), trust_remote_code=True)
    built = Model.of(FOLDERS[name].network(1), loaded.tokenizer, config=FOLDERS[name].CONFIG)
    settings: Any = {"max_new_tokens": 8, "seed": 0}
    first, second = (model.generate("Ada ", Regex("[a-z ]{4,32}"), **settings) for model in (loaded, built))
    assert first.tokens.equal(second.tokens)


def test_llada21_is_llada2_by_name(folder: Callable[[str], Path]) -> None:
    model = load(folder("llada2"), trust_remote_code=True, family="llada2.1")
    assert model.family.name == "LLaDA2.1"
    assert model.family.sampler.revises
    assert not load(folder("llada2"), trust_remote_code=True).family.sampler.revises


def test_sedd_is_recognised_without_a_model_type_and_built_by_hand(tmp_path: Path) -> None:
    sedd.save(tmp_path)
    with pytest.raises(ModelFolderError, match=r"sedd checkpoints have no class.*Model\.of\(network, tokenizer"):
        load(tmp_path, trust_remote_code=True)
    model = Model.of(sedd.network(), _tokenizer.tokenizer(sedd.SPECIAL), config=sedd.CONFIG)
    assert model.family.name == "SEDD"
    assert re.fullmatch("[a-z]{4,16}", model.generate("x", Regex("[a-z]{4,16}"), max_new_tokens=4, seed=0).text)


def test_sedd_of_another_graph_is_refused() -> None:
    config = {**sedd.CONFIG, "graph": {**sedd.CONFIG["graph"], "type": "uniform"}}
    with pytest.raises(ModelFolderError, match=r"graph 'uniform'.*only absorb"):
        Model.of(sedd.network(), _tokenizer.tokenizer(sedd.SPECIAL), config=config)


@pytest.mark.parametrize(
    "config", [{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, {"model_type": "llama"}]
)
def test_models_that_write_left_to_right_are_no_diffusion_models(config: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    architecture = config.get("architectures", ["none named"])[0]
    with pytest.raises(NotADiffusionModel, match=rf"'{config['model_type']}' \({architecture}\).*family=") as info:
        load(tmp_path, trust_remote_code=True)
    assert all(name in str(info.value) for name in FOLDERS)
    with pytest.raises(NotADiffusionModel, match=config["model_type"]):
        Model.of(nn.Linear(1, 1), tiny.tokenizer(), config=config)


def test_an_unknown_family_is_refused_with_the_known_ones(folder: Callable[[str], Path]) -> None:
    with pytest.raises(ModelFolderError, match=r"'lada' is no family; known are .*llada"):
        load(folder("llada"), family="lada")


# -- what has to be allowed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FOLDERS)
def test_code_of_a_model_is_not_run_unasked(name: str, folder: Callable[[str], Path]) -> None:
    files = {target.partition(".")[0] + ".py" for target in FOLDERS[name].CONFIG["auto_map"].values()}
    with pytest.raises(ModelFolderError, match="read it, then pass trust_remote_code=True") as info:
        load(folder(name))
    assert len(files) == 2
    assert all(file in str(info.value) for file in files)


def test_pickled_weights_are_not_read_unasked(folder: Callable[[str], Path], tmp_path: Path) -> None:
    copied(folder("llada"), tmp_path, without="*.safetensors")
    torch.save(llada.network(1).state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelFolderError, match=r"pickles \(pytorch_model\.bin\), which can run code.*pickled=True"):
        load(tmp_path, trust_remote_code=True)
    loaded = load(tmp_path, trust_remote_code=True, pickled=True)
    twin = load(folder("llada"), trust_remote_code=True)
    assert all(
        mine.equal(other) for mine, other in zip(loaded.network.parameters(), twin.network.parameters(), strict=True)
    )


def test_a_folder_without_weights_is_refused(folder: Callable[[str], Path], tmp_path: Path) -> None:
    copied(folder("llada"), tmp_path, without="*.safetensors")
    with pytest.raises(ModelFolderError, match=r"no weights: no \*\.safetensors file"):
        load(tmp_path, trust_remote_code=True)


def test_weights_of_another_shape_are_refused(folder: Callable[[str], Path], tmp_path: Path) -> None:
    changed(folder("dream"), tmp_path, vocab_size=400)
    with pytest.raises(ModelFolderError, match="the weights don't load"):
        load(tmp_path, trust_remote_code=True)


def test_a_folder_without_a_tokenizer_is_refused(folder: Callable[[str], Path], tmp_path: Path) -> None:
    copied(folder("llada"), tmp_path, without="tokenizer*")
    with pytest.raises(ModelFolderError, match=r"tokenizer\.json: missing"):
        load(tmp_path, trust_remote_code=True)


def test_device_and_device_map_exclude_each_other(folder: Callable[[str], Path]) -> None:
    with pytest.raises(OptionError, match="device and device_map exclude each other"):
        controlgen.load(folder("llada"), device="cpu", device_map="auto", trust_remote_code=True)


def test_names_of_the_hub_are_not_downloaded_unasked() -> None:
    with pytest.raises(ModelNotFound, match=r"no-such/model: not a folder.*download=True"):
        controlgen.load("no-such/model")


# -- tokenizers that are not the model's -------------------------------------------------------------------------


def grown(count: int) -> Tokenizer:
    """LLaDA's own tokenizer with further special tokens behind."""
    return _tokenizer.tokenizer((*llada.SPECIAL, *(f"<|more_{index}|>" for index in range(count))))


def test_a_tokenizer_with_more_tokens_than_columns_is_refused() -> None:
    network, room = llada.network(), llada.COLUMNS - _tokenizer.TEXT_TOKENS - len(llada.SPECIAL)
    assert Model.of(network, grown(room), config=llada.CONFIG).vocabulary.size == llada.COLUMNS
    message = rf"has token {llada.COLUMNS}, the network {llada.COLUMNS} logit columns: not this model's tokenizer"
    with pytest.raises(ModelFolderError, match=message):
        Model.of(network, grown(room + 1), config=llada.CONFIG)


@pytest.mark.parametrize(("key", "kind"), [("mask_token_id", "mask"), ("eos_token_id", "stop")])
def test_a_control_token_that_is_text_in_the_tokenizer_is_refused(key: str, kind: str) -> None:
    letter = _tokenizer.tokenizer().token_to_id("e")
    with pytest.raises(ModelFolderError, match=rf"token {letter}, LLaDA's {kind} token, is the text 'e'"):
        Model.of(llada.network(), _tokenizer.tokenizer(llada.SPECIAL), config={**llada.CONFIG, key: letter})


def test_a_model_without_a_mask_token_is_refused_by_the_key() -> None:
    config = {key: value for key, value in llada.CONFIG.items() if key != "mask_token_id"}
    bare = _tokenizer.tokenizer([token for token in llada.SPECIAL if token != "<|mdm_mask|>"])
    with pytest.raises(ModelFolderError, match=r"LLaDA: no mask token: config\.json has no mask_token_id.*<\|mdm_mask"):
        Model.of(llada.network(), bare, config=config)
    named = Model.of(llada.network(), _tokenizer.tokenizer(llada.SPECIAL), config=config)
    assert named.family.mask_id == llada.MASK  # by the tokenizer's own text


# -- blocks and lengths ------------------------------------------------------------------------------------------


def whole_canvases(network: Any, config: Any, tokenizer: Any) -> FullCanvas:
    """LLaDA's network as a family with canvases of 16 that can't be resized."""
    own = entries()["llada"].build(network, config, tokenizer)
    family = replace(own.family, name="canvases", block=16, block_origin="canvas", canvas=16)
    return FullCanvas(network, family, own._call)  # type: ignore[attr-defined]


@pytest.fixture
def canvases() -> Any:
    register(Entry("canvases", (), whole_canvases))
    yield Model.of(llada.network(), _tokenizer.tokenizer(llada.SPECIAL), family="canvases", config=llada.CONFIG)
    del _ENTRIES["canvases"]


@pytest.mark.parametrize(("length", "near"), [(1, (16, 32)), (17, (16, 32)), (40, (32, 48))])
def test_a_canvas_is_a_multiple_of_blocks_counted_from_it(canvases: Model, length: int, near: tuple[int, int]) -> None:
    message = rf"max_new_tokens is {length}, .* of the block of 16 .*canvases.*use {near[0]} or {near[1]}$"
    with pytest.raises(OptionError, match=message):
        canvases.generate("Ada", NAME, max_new_tokens=length)
    assert re.fullmatch("[A-Z][a-z]{2,6}", canvases.generate("Ada", NAME, max_new_tokens=near[0], seed=0).text)


def test_a_block_that_can_not_be_resized(canvases: Model) -> None:
    with pytest.raises(OptionError, match="block_length must be 16 for canvases, or left out; not 8"):
        canvases.generate("Ada", NAME, max_new_tokens=16, block_length=8)
    assert canvases.generate("Ada", NAME, max_new_tokens=16, block_length=16, seed=0).text
    model = Model.of(bd3lm.network(), _tokenizer.tokenizer(bd3lm.SPECIAL), config=bd3lm.CONFIG)
    with pytest.raises(OptionError, match="block_length must be 4 for BD3-LM"):
        model.generate("Ada", Regex("[a-z]{4}"), max_new_tokens=4, block_length=2)


@pytest.mark.parametrize("length", [1, 5, 7, 30])
@pytest.mark.parametrize("family", [sdar, llada2])
def test_blocks_counted_from_the_sequence_take_any_length(family: Any, length: int) -> None:
    model = Model.of(family.network(), _tokenizer.tokenizer(family.SPECIAL), config=family.CONFIG)
    for prompt in ("", "A", "Ada Lovelace"):
        result = model.generate(prompt, Regex("[0-9]{1,3}"), max_new_tokens=length, seed=0)
        assert re.fullmatch("[0-9]{1,3}", result.text)
        assert len(result.tokens) == length


def test_a_shifted_family_needs_a_token_before_the_canvas() -> None:
    model = Model.of(dream.network(), _tokenizer.tokenizer(dream.SPECIAL), config=dream.CONFIG)
    with pytest.raises(OptionError, match="prompt 0 is empty: Dream needs a token before the canvas"):
        model.generate("", NAME, max_new_tokens=8)


@pytest.mark.parametrize("family", [mdlm, bd3lm])
def test_without_a_stop_token_a_text_fills_the_canvas_and_the_message_says_so(family: Any) -> None:
    model = Model.of(family.network(), _tokenizer.tokenizer(family.SPECIAL), config=family.CONFIG)
    with pytest.raises(InfeasibleConstraint, match=r"stop token|tokens"):
        model.generate("x", Regex("[0-9]{3}"), max_new_tokens=8)
    assert re.fullmatch("[0-9]{8,}", model.generate("x", Regex("[0-9]*"), max_new_tokens=8, seed=0).text)


# -- networks that are not what they say -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "wrong"), [(llada, 16), (dream, -3), (sdar, 16), (llada2, -3), (fast_dllm, 16), (mdlm, 16), (sedd, -1)]
)
def test_logits_with_other_columns_than_the_configuration(family: Any, wrong: int) -> None:
    network = family.network()
    model = Model.of(network, _tokenizer.tokenizer(family.SPECIAL), config=family.CONFIG)
    columns = model.family.vocab_size
    resized(model, columns + wrong)
    language = Regex("[0-9]*") if not model.family.stop_ids else Regex("[0-9]{1,4}")
    with pytest.raises(
        ModelOutputError, match=rf"shape \(1, \d+, {columns + wrong}\) where .* should give \(1, \d+, {columns}\)"
    ):
        model.generate("Ada ", language, max_new_tokens=8)


def resized(model: Model, columns: int) -> None:
    """Let the denoiser's logits have so many columns, whatever the network computes."""
    inner = model.denoiser.predict

    def predict(view: Any, conditioning: Any) -> Tensor:
        logits = inner(view, conditioning)
        wide = torch.cat((logits, logits), dim=-1)
        return wide[..., :columns]

    model.denoiser.predict = predict  # type: ignore[method-assign]


def hostile(model: Model, spoil: Callable[[Tensor], object]) -> Model:
    inner = model.denoiser.predict

    def predict(view: Any, conditioning: Any) -> Tensor:
        logits = inner(view, conditioning).clone()
        spoil(logits)
        return logits

    model.denoiser.predict = predict  # type: ignore[method-assign]
    return model


def of(family: Any) -> Model:
    return Model.of(family.network(), _tokenizer.tokenizer(family.SPECIAL), config=family.CONFIG)


@pytest.mark.parametrize("family", [llada, dream, sdar, llada2, fast_dllm, mdlm, sedd, bd3lm])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_logits_that_are_no_numbers_are_an_error_that_names_the_position(family: Any, value: float) -> None:
    def spoil(logits: Tensor) -> None:
        logits[..., min(7, logits.shape[1] - 1), 66] = value

    model = hostile(of(family), spoil)
    with pytest.raises(ValueError, match=r"(?i)(nan|inf).*position|position.*(nan|inf)"):
        model.generate("Ada ", Regex("[A-z0-9]*"), max_new_tokens=8, seed=0)


@pytest.mark.parametrize("family", [llada, dream, sdar, llada2, fast_dllm])
def test_rows_of_nothing_but_minus_infinity_still_give_a_member(family: Any) -> None:
    model = hostile(of(family), lambda logits: logits.fill_(-torch.inf))
    assert re.fullmatch("[A-Z][a-z]{2,6}", model.generate("Ada ", NAME, max_new_tokens=12, seed=0).text)


# -- registering -------------------------------------------------------------------------------------------------


def test_a_registered_family_is_found_by_its_model_type(folder: Callable[[str], Path], tmp_path: Path) -> None:
    def build(network: Any, config: Any, tokenizer: Any) -> FullCanvas:
        own = entries()["llada"].build(network, config, tokenizer)
        assert isinstance(own.family, Family)
        own.family = replace(own.family, name="mine", canvas=24)
        return own  # type: ignore[return-value]

    register(Entry("mine", ("my_llada",), build))
    try:
        network = llada.network()
        model = Model.of(
            network, _tokenizer.tokenizer(llada.SPECIAL), config={**llada.CONFIG, "model_type": "my_llada"}
        )
        assert model.family.name == "mine"
        assert len(model.generate("x", NAME, seed=0).tokens) == 24
        assert list(entries())[-1] == "mine"
    finally:
        del _ENTRIES["mine"]
    assert "mine" not in entries()

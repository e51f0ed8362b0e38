"""`load`: from a name to a `Model`. What may be downloaded, run or unpickled is for the caller to say."""

from __future__ import annotations

import os
from typing import Any

import torch

from controlgen._errors import ModelNotFound, OptionError
from controlgen._model import Model
from controlgen.families._loading import Source, open_model

__all__ = ["load"]


def load(
    name: str | os.PathLike[str] | None = None,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    device_map: Any = None,
    trust_remote_code: bool = False,
    download: bool = False,
    pickled: bool = False,
    revision: str | None = None,
    family: str | None = None,
) -> Model:
    """Open a model: a folder, or a name on the Hub that is in the local cache or may be downloaded.

    The family is recognised by config.json. Nothing is downloaded, no code of a model is run and no pickle is read
    unless these arguments say so.

    Args:
        name: path of a model folder, or a Hub name such as "GSAI-ML/LLaDA-8B-Instruct"; None: the model that comes
            with the package.
        device: None: the first CUDA device where there is one, else the CPU.
        dtype: of the weights and activations; None: bfloat16 where the device computes it natively, else
            float32.
        device_map: as in transformers, for networks over several devices; needs accelerate. Excludes device.
        trust_remote_code: run the code that comes with the model, which most families need. Read it first.
        download: fetch what is missing from the Hub.
        pickled: read weights that are not in safetensors files; a pickle can run any code.
        revision: branch, tag or commit on the Hub.
        family: name of the family, where config.json does not say it ("llada2.1" for LLaDA2.1).

    Raises:
        ModelNotFound: no such folder or name; the message says what is looked for.
        NotADiffusionModel: config.json names no diffusion language model.
        ModelFolderError: a folder that is damaged, or needs something that the arguments don't allow.
        OptionError: device and device_map together.
    """
    if device is not None and device_map is not None:
        raise OptionError("device and device_map exclude each other: give one of them")
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    source = Source(
        name=_packaged() if name is None else os.fspath(name),
        device=None if device_map is not None else place,
        dtype=_default_dtype(place) if dtype is None else dtype,
        device_map=device_map,
        trust_remote_code=trust_remote_code,
        download=download,
        pickled=pickled,
        revision=revision,
        family=family,
    )
    return Model(*open_model(source))


def _packaged() -> str:
    from controlgen.embedded import WEIGHTS

    if not (WEIGHTS / "config.json").is_file():
        raise ModelNotFound(f"the packaged model is missing from {WEIGHTS}: reinstall, or load('FOLDER')")
    return os.fspath(WEIGHTS)


def _default_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on CUDA and on CPUs with matrix units for it; elsewhere it is emulated and slower than
    float32.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if device.type == "cpu" and torch.cpu._is_amx_tile_supported() else torch.float32

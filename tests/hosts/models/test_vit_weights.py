"""Published ViT-B/16 weights: three layouts, one network."""

from types import SimpleNamespace

import numpy as np
import pytest

from hosts.core.errors import ModelError
from hosts.models.networks._vit_weights import load_into, original_name

SIZE, HEADS, MLP, CLASSES = 768, 12, 3072, 1000
ATTENTION = "MultiHeadDotProductAttention_1"
PARTS = ("query", "key", "value")
HEAD = SIZE // HEADS
BLOCK = {
    "LayerNorm_0/scale": (SIZE,),
    "LayerNorm_0/bias": (SIZE,),
    "LayerNorm_2/scale": (SIZE,),
    "LayerNorm_2/bias": (SIZE,),
    **{
        f"MultiHeadDotProductAttention_1/{p}/kernel": (SIZE, HEADS, HEAD)
        for p in ("query", "key", "value")
    },
    **{
        f"MultiHeadDotProductAttention_1/{p}/bias": (HEADS, HEAD) for p in ("query", "key", "value")
    },
    "MultiHeadDotProductAttention_1/out/kernel": (HEADS, HEAD, SIZE),
    "MultiHeadDotProductAttention_1/out/bias": (SIZE,),
    "MlpBlock_3/Dense_0/kernel": (SIZE, MLP),
    "MlpBlock_3/Dense_0/bias": (MLP,),
    "MlpBlock_3/Dense_1/kernel": (MLP, SIZE),
    "MlpBlock_3/Dense_1/bias": (SIZE,),
}
SHAPES = {
    "cls": (1, 1, SIZE),
    "Transformer/posembed_input/pos_embedding": (1, 197, SIZE),
    "embedding/kernel": (16, 16, 3, SIZE),
    "embedding/bias": (SIZE,),
    "Transformer/encoder_norm/scale": (SIZE,),
    "Transformer/encoder_norm/bias": (SIZE,),
    "head/kernel": (SIZE, CLASSES),
    "head/bias": (CLASSES,),
    **{f"Transformer/encoderblock_{i}/{n}": s for i in range(12) for n, s in BLOCK.items()},
}
"""The names and shapes of the original release's `ViT-B_16` files for ImageNet's 1,000 classes."""


def original(seed: int) -> dict[str, np.ndarray]:
    """Random arrays, small enough to keep the network's outputs apart from a constant."""
    random = np.random.default_rng(seed)
    arrays = {}
    for name, shape in SHAPES.items():
        spread = 1.0 if len(shape) == 1 else 2.0 / np.sqrt(np.prod(shape[:-1], dtype=float))
        drawn = random.standard_normal(shape, dtype=np.float32)
        arrays[name] = np.float32(spread) * drawn * np.float32(0.2 if len(shape) == 1 else 1.0)
        if name.endswith("scale"):
            arrays[name] += 1
    return arrays


def torch_dense(kernel, inputs):
    return np.ascontiguousarray(kernel.reshape(inputs, -1).T)


def hugging_face(arrays, prefix="vit."):
    """As `ViTForImageClassification` names them."""
    made = {
        f"{prefix}embeddings.cls_token": arrays["cls"],
        f"{prefix}embeddings.position_embeddings": arrays[
            "Transformer/posembed_input/pos_embedding"
        ],
        f"{prefix}embeddings.patch_embeddings.projection.weight": np.ascontiguousarray(
            arrays["embedding/kernel"].transpose(3, 2, 0, 1)
        ),
        f"{prefix}embeddings.patch_embeddings.projection.bias": arrays["embedding/bias"],
        f"{prefix}layernorm.weight": arrays["Transformer/encoder_norm/scale"],
        f"{prefix}layernorm.bias": arrays["Transformer/encoder_norm/bias"],
        "classifier.weight": torch_dense(arrays["head/kernel"], SIZE),
        "classifier.bias": arrays["head/bias"],
    }
    for i in range(12):
        ours, theirs = f"Transformer/encoderblock_{i}", f"{prefix}encoder.layer.{i}"
        attention = f"{ours}/MultiHeadDotProductAttention_1"
        for part in ("query", "key", "value"):
            place = f"{theirs}.attention.attention.{part}"
            made[f"{place}.weight"] = torch_dense(arrays[f"{attention}/{part}/kernel"], SIZE)
            made[f"{place}.bias"] = arrays[f"{attention}/{part}/bias"].ravel()
        dense = {
            "attention.output.dense": f"{attention}/out",
            "intermediate.dense": f"{ours}/MlpBlock_3/Dense_0",
            "output.dense": f"{ours}/MlpBlock_3/Dense_1",
        }
        for place, source in dense.items():
            kernel = arrays[f"{source}/kernel"]
            inputs = MLP if place == "output.dense" else SIZE
            made[f"{theirs}.{place}.weight"] = torch_dense(kernel, inputs)
            made[f"{theirs}.{place}.bias"] = arrays[f"{source}/bias"]
        for place, source in (
            ("layernorm_before", "LayerNorm_0"),
            ("layernorm_after", "LayerNorm_2"),
        ):
            made[f"{theirs}.{place}.weight"] = arrays[f"{ours}/{source}/scale"]
            made[f"{theirs}.{place}.bias"] = arrays[f"{ours}/{source}/bias"]
    return made


def timm(arrays):
    """As timm's `vit_base_patch16_224` names them, from Hugging Face's."""
    source = hugging_face(arrays, "")
    names = {
        "embeddings.cls_token": "cls_token",
        "embeddings.position_embeddings": "pos_embed",
        "embeddings.patch_embeddings.projection": "patch_embed.proj",
        "layernorm_before": "norm1",
        "layernorm_after": "norm2",
        "encoder.layer": "blocks",
        "attention.output.dense": "attn.proj",
        "intermediate.dense": "mlp.fc1",
        "output.dense": "mlp.fc2",
        "layernorm": "norm",
        "classifier": "head",
    }
    made = {}
    for name, array in source.items():
        if ".attention.attention." in name:
            continue
        for theirs, ours in names.items():
            name = name.replace(theirs, ours)
        made[name] = array
    for i in range(12):
        for kind in ("weight", "bias"):
            parts = [
                source[f"encoder.layer.{i}.attention.attention.{p}.{kind}"]
                for p in ("query", "key", "value")
            ]
            made[f"blocks.{i}.attn.qkv.{kind}"] = np.concatenate(parts)
    return made


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    from safetensors.numpy import save_file

    folder, arrays = tmp_path_factory.mktemp("vit"), original(1)
    np.savez(folder / "original.npz", **arrays)
    save_file(hugging_face(arrays), folder / "hugging_face.safetensors")
    save_file(timm(arrays), folder / "timm.safetensors")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_all_names_and_shapes_map_and_the_outputs_are_the_same(files):
    from hosts.models.networks.vit_b16 import graph

    images = np.random.default_rng(2).normal(0, 1, (2, 224, 224, 3)).astype(np.float32)
    model = graph()
    needed = {original_name(w.path): tuple(w.shape) for w in model.weights}
    assert needed == SHAPES
    outputs = []
    for name in ("original.npz", "hugging_face.safetensors", "timm.safetensors"):
        for weight in model.weights:
            weight.assign(np.zeros(weight.shape, np.float32))
        load_into(model, files / name)
        outputs.append(np.asarray(model(images)))
    np.testing.assert_array_equal(outputs[1], outputs[0])
    np.testing.assert_array_equal(outputs[2], outputs[0])
    assert np.abs(outputs[0][0] - outputs[0][1]).max() > 1e-4  # not a constant


class Weight:
    """One of a network's weights, without the network."""

    def __init__(self, path, shape) -> None:
        self.path, self.shape = path, shape

    def assign(self, value) -> None:
        assert value.shape == self.shape


def network(**shapes):
    paths = {"head/kernel": (SIZE, CLASSES), "block_0_attention/query/bias": (HEADS, HEAD)}
    weights = [Weight(path, shapes.get(path, shape)) for path, shape in paths.items()]
    return SimpleNamespace(name="vit_b16", weights=weights)


def small(**more):
    arrays = {
        "Transformer/encoder_norm/scale": np.zeros(SIZE, np.float32),
        "head/kernel": np.zeros((SIZE, CLASSES), np.float32),
        "Transformer/encoderblock_0/MultiHeadDotProductAttention_1/query/bias": np.zeros(
            (HEADS, HEAD), np.float32
        ),
    }
    return {**arrays, **more}


def test_weights_of_other_classes_are_refused_by_shape(tmp_path):
    np.savez(tmp_path / "w.npz", **small(**{"head/kernel": np.zeros((SIZE, 21843), np.float32)}))
    said = r"'head/kernel' of .*w.npz has shape \(768, 21843\); vit_b16 needs .* \(768, 1000\)"
    with pytest.raises(ModelError, match=said):
        load_into(network(), tmp_path / "w.npz")


def test_a_missing_name_is_told(tmp_path):
    arrays = small()
    del arrays["head/kernel"]
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(ModelError, match="has no 'head/kernel', which vit_b16 needs; it has Trans"):
        load_into(network(), tmp_path / "w.npz")


def test_another_networks_names_are_told(tmp_path):
    from safetensors.numpy import save_file

    save_file({"conv1.weight": np.zeros((64, 3, 7, 7), np.float32)}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"none of the layouts .* it has conv1\.weight"):
        load_into(network(), tmp_path / "w.safetensors")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 truncated", b"x" * 64])
def test_a_file_that_is_none_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read as weights"):
        load_into(network(), path)

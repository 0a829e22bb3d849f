"""Makes tests/golden/networks.json and tests/golden/weights/: the further networks.

networks.json holds activations and gradients of VGG-19 and Inception 5h at their true widths, with
seeded random weights that the test makes anew. The files in weights/ are small networks in the
formats in which the true ones are published: Keras' HDF5 in its old and newer layout, and a frozen
TensorFlow graph in a zip archive.
"""

import argparse
import struct
import zipfile

import h5py
import numpy as np
import torch

from golden_files import GOLDEN, digits, made_by, write_json
from networks import (
    INCEPTION_WIDTHS,
    NORMALIZATION,
    VGG16_BLOCKS,
    VGG19_BLOCKS,
    Inception5h,
    Vgg,
    inception_shapes,
    seeded_weights,
    vgg_shapes,
)
from style_transfer import uniform_noise

WEIGHTS_SEED = 19
SAMPLES = {"activations": 60, "gradient": 400}
SIZES = {  # height, width; the first is about the smallest that the network takes
    "vgg19": ((17, 19), (45, 34)),
    "inception5h": ((33, 37), (45, 34)),
}
NETWORKS = {
    "vgg19": lambda dtype: Vgg(VGG19_BLOCKS, WEIGHTS_SEED, dtype),
    "inception5h": lambda dtype: Inception5h(WEIGHTS_SEED, dtype),
}


# Values


def picture(height, width, seed):
    """Uniform in 0-255, rounded to float32."""
    noise = 255 * uniform_noise(height * width * 3, seed)
    return torch.tensor(noise.astype(np.float32).reshape(height, width, 3))


def value_and_gradient(network, x):
    """Activations, and the gradient of the sum over layers of the mean of their squares."""
    x = x.to(network.dtype).requires_grad_(True)
    found = network.activations(x)
    total = sum(features.square().mean() for features in found.values())
    (gradient,) = torch.autograd.grad(total, x)
    return {name: f.detach().permute(1, 2, 0) for name, f in found.items()}, gradient


def entry(kind, double, single):
    """Samples in row-major order; `gap` is how far float32 lies away."""
    flat = double.flatten()
    stride = max(1, flat.numel() // SAMPLES[kind])
    stride -= stride % 2 == 0 and stride > 1
    size = flat.square().mean().sqrt()
    return {
        "shape": list(double.shape),
        "rms": digits(size),
        "stride": stride,
        "gap": digits((single.double().flatten() - flat).abs().max() / size),
        "values": [digits(v) for v in flat[::stride][: SAMPLES[kind]]],
    }


def case(networks, height, width, tries):
    """The values of one picture: that of `tries` seeds which lies farthest from a tie."""
    double, single = networks
    margins = {}
    with torch.no_grad():
        for seed in range(1, tries + 1):
            double.activations(picture(height, width, seed))
            margins[seed] = double.margin
    seed = max(margins, key=margins.get)
    x = picture(height, width, seed)
    (values, gradient), (values32, gradient32) = (
        value_and_gradient(network, x) for network in networks
    )
    return {
        "height": height,
        "width": width,
        "seed": seed,
        "margin": digits(margins[seed]),
        "activations": {
            name: entry("activations", v, values32[name]) for name, v in values.items()
        },
        "gradient": entry("gradient", gradient, gradient32),
    }


# Files: Keras


def write_old_keras(path):
    """As vgg19_..._notop.h5 of 2016: datasets in the layer's group, byte strings, float32."""
    weights = seeded_weights(vgg_shapes(VGG19_BLOCKS, (2, 3, 4, 5, 6)), WEIGHTS_SEED)
    with h5py.File(path, "w", libver="earliest") as file:
        names = ["input_1"]
        for block, count in enumerate(VGG19_BLOCKS, start=1):
            names += [f"block{block}_conv{i}" for i in range(1, count + 1)] + [f"block{block}_pool"]
        file.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group = file.create_group(name)
            tensors = weights.get(name, ())
            labels = [f"{name}_{kind}_1:0" for kind in "Wb"][: len(tensors)]
            group.attrs["weight_names"] = [label.encode() for label in labels]
            for label, tensor in zip(labels, tensors, strict=True):
                group.create_dataset(label, data=tensor)


def write_new_keras(path):
    """As a newer Keras saves a whole model: nested names, here compressed and of mixed precision."""
    weights = seeded_weights(vgg_shapes(VGG16_BLOCKS, (2, 3, 4, 5, 6)), WEIGHTS_SEED)
    types = ["<f4", "<f2", "<f8", ">f4"]
    with h5py.File(path, "w", libver="latest") as file:
        root = file.create_group("model_weights")
        names = ["input_1", *weights, "flatten", "fc1"]
        root.attrs["layer_names"] = names  # strings of variable length
        root.attrs["backend"] = "tensorflow"
        for i, name in enumerate(names):
            group = root.create_group(name)
            tensors = weights.get(name, ())
            if name == "fc1":
                tensors = (np.ones((6, 4), "f4"), np.ones(4, "f4"))
            labels = [f"{name}/{kind}:0" for kind in ("kernel", "bias")][: len(tensors)]
            group.attrs["weight_names"] = labels
            for label, tensor in zip(labels, tensors, strict=True):
                kwargs = {"compression": "gzip", "shuffle": True} if label.endswith("kernel:0") else {}
                group.create_dataset(label, data=tensor.astype(types[i % 4]), **kwargs)


# Files: TensorFlow, a GraphDef written field by field


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number, payload):
    """A length-delimited field: strings, bytes, messages."""
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def integer(number, value):
    return varint(number << 3) + varint(value)


def float32(number, value):
    return varint(number << 3 | 5) + struct.pack("<f", value)


def node(name, op, inputs=(), attributes=None):
    body = field(1, name) + field(2, op) + b"".join(field(3, i) for i in inputs)
    for key, value in (attributes or {}).items():
        body += field(5, field(1, key) + field(2, value))
    return field(1, body)


def constant(name, tensor):
    dtype = {"float32": 1, "int32": 3}[tensor.dtype.name]
    dims = b"".join(field(2, integer(1, size)) for size in tensor.shape)
    value = integer(1, dtype) + field(2, dims) + field(4, tensor.tobytes())
    return node(name, "Const", attributes={"dtype": integer(6, dtype), "value": field(8, value)})


def convolution(name, source, stride):
    strides = field(1, field(3, bytes([1, stride, stride, 1])))
    return (
        node(
            f"{name}_pre_relu/conv",
            "Conv2D",
            [source, f"{name}_w"],
            {"T": integer(6, 1), "padding": field(2, "SAME"), "strides": strides},
        )
        + node(f"{name}_pre_relu", "BiasAdd", [f"{name}_pre_relu/conv", f"{name}_b"])
        + node(name, "Relu", [f"{name}_pre_relu"])
    )


def write_graph(path):
    """A small Inception 5h; like the true file, constants first, classifiers included."""
    widths = {name: (2, 1, 3, 2, 1, 2) for name in INCEPTION_WIDTHS}
    weights = seeded_weights(inception_shapes((4, 3, 5), widths), WEIGHTS_SEED)
    graph = b""
    for name, (kernel, bias) in weights.items():
        graph += constant(f"{name}_w", kernel) + constant(f"{name}_b", bias)
    graph += constant("head0_bottleneck_w", np.ones((1, 1, 8, 2), "f4"))
    graph += constant("softmax2_w", np.ones((8, 5), "f4")) + constant("concat_dim", np.int32(3))
    graph += node("input", "Placeholder", attributes={"dtype": integer(6, 1)})
    for name in weights:
        graph += convolution(name, "input", 2 if name == "conv2d0" else 1)
    radius, bias, alpha, beta = NORMALIZATION.values()
    attributes = {
        "depth_radius": integer(3, radius),
        "bias": float32(4, bias),
        "alpha": float32(4, alpha),
        "beta": float32(4, beta),
    }
    graph += node("localresponsenorm0", "LRN", ["maxpool0"], attributes)
    stamp = (1980, 1, 1, 0, 0, 0)  # the same bytes every time
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {
            "imagenet_comp_graph_label_strings.txt": b"dummy\nkit fox\n",
            "tensorflow_inception_graph.pb": graph,
            "LICENSE": b"none\n",
        }.items():
            archive.writestr(zipfile.ZipInfo(name, stamp), content, zipfile.ZIP_DEFLATED)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=40, help="seeds of pictures to choose from")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    folder = GOLDEN / "weights"
    folder.mkdir(exist_ok=True)
    write_old_keras(folder / "vgg19_old.h5")
    write_new_keras(folder / "vgg16_new.h5")
    write_graph(folder / "inception5h.zip")

    cases = {}
    for name, make in NETWORKS.items():
        networks = [make(dtype) for dtype in (torch.float64, torch.float32)]
        cases[name] = [case(networks, *size, options.tries) for size in SIZES[name]]
        for c in cases[name]:
            worst = max(v["gap"] for v in c["activations"].values())
            print(f"{name} {c['width']}x{c['height']}: seed {c['seed']}, margin {c['margin']:.1e}, "
                  f"gap {worst:.1e}, gradient {c['gradient']['gap']:.1e}", flush=True)
    write_json("networks", {"made_by": made_by(), "weights_seed": WEIGHTS_SEED, "cases": cases})


if __name__ == "__main__":
    main()

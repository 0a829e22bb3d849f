"""Makes the small weights files in the formats that people have, with the programs that write them.

All hold the VGG-16 of a few channels that make_network_golden.py writes for Keras: PyTorch's two
formats and torch-named safetensors, NumPy, Caffe's two kinds of layers, Keras 3. weights.json has
what PyTorch sees through the torch-named ones, with torchvision's preprocessing.
"""

import os
from collections import OrderedDict

os.environ["KERAS_BACKEND"] = "torch"

import google.protobuf
import keras
import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from golden_files import GOLDEN, digits, made_by, write_json
from make_network_golden import WEIGHTS_SEED, picture
from networks import VGG16_BLOCKS, seeded_weights, vgg_shapes

WIDTHS = (2, 3, 4, 5, 6)
HEIGHT, WIDTH, PICTURE_SEED = 21, 18, 5
LAYERS = ["relu1_1", "relu2_2", "relu3_1", "relu5_3"]
FOLDER = GOLDEN / "weights"
# torchvision: transforms of VGG's weights, on the scale 0-1
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def weights():
    """(kernel, bias) by Keras' names: kernels [height, width, in, out]."""
    return seeded_weights(vgg_shapes(VGG16_BLOCKS, WIDTHS), WEIGHTS_SEED)


# PyTorch


def torch_modules():
    """VGG as torchvision builds it: convolution, ReLU, pooling; a classifier behind."""
    layers, before = [], 3
    for count, width in zip(VGG16_BLOCKS, WIDTHS, strict=True):
        for _ in range(count):
            layers += [torch.nn.Conv2d(before, width, 3, padding=1), torch.nn.ReLU()]
            before = width
        layers.append(torch.nn.MaxPool2d(2, 2, ceil_mode=True))
    model = torch.nn.Module()
    model.features = torch.nn.Sequential(*layers)
    model.classifier = torch.nn.Sequential(torch.nn.Linear(before, 4), torch.nn.ReLU())
    convolutions = [layer for layer in layers if isinstance(layer, torch.nn.Conv2d)]
    with torch.no_grad():
        for layer, (kernel, bias) in zip(convolutions, weights().values(), strict=True):
            layer.weight.copy_(torch.tensor(kernel).permute(3, 2, 0, 1))
            layer.bias.copy_(torch.tensor(bias))
        for tensor in model.classifier.parameters():
            tensor.zero_()
    return model


def write_torch(model):
    torch.save(model.state_dict(), FOLDER / "vgg16.pth")
    torch.save(model.state_dict(), FOLDER / "vgg16_old.pth", _use_new_zipfile_serialization=False)
    # A checkpoint as training scripts keep it: nested, half precision, a transposed view.
    state = OrderedDict((name, tensor.half()) for name, tensor in model.state_dict().items())
    first = state["features.0.weight"]
    state["features.0.weight"] = first.transpose(2, 3).contiguous().transpose(2, 3)
    checkpoint = {"epoch": 3, "best": 0.5, "state_dict": state, "notes": [None, True, 1 << 40]}
    torch.save(checkpoint, FOLDER / "vgg16_checkpoint.pth")
    torch.save(model, FOLDER / "refused_model.pth")
    kept = {name: t.contiguous() for name, t in model.state_dict().items() if "features" in name}
    safetensors.torch.save_file(kept, FOLDER / "vgg16_torch.safetensors")


def seen(model):
    """Activations of a picture after torchvision's preprocessing, float64."""
    x = picture(HEIGHT, WIDTH, PICTURE_SEED).double() / 255
    x = (x - torch.tensor(MEAN, dtype=torch.float64)) / torch.tensor(DEVIATION, dtype=torch.float64)
    x = x.permute(2, 0, 1)[None]
    model = model.double()
    found, block, i = {}, 1, 1
    for layer in model.features:
        x = layer(x)
        if isinstance(layer, torch.nn.ReLU):
            found[f"relu{block}_{i}"] = x[0].permute(1, 2, 0)
            i += 1
        if isinstance(layer, torch.nn.MaxPool2d):
            block, i = block + 1, 1
    return {name: found[name] for name in LAYERS}


# NumPy: the names of Frossard's vgg16_weights.npz, whose pictures are RGB


def write_numpy():
    arrays = {"fc8_W": np.zeros((4, 2), "f4"), "fc8_b": np.zeros(2, "f4")}
    for name, (kernel, bias) in weights().items():
        label = name.replace("block", "conv").replace("_conv", "_")
        kernel = kernel[:, :, ::-1] if name == "block1_conv1" else kernel
        arrays[f"{label}_W"] = np.asfortranarray(kernel) if name == "block2_conv1" else kernel
        arrays[f"{label}_b"] = bias.astype("f8")
    np.savez(FOLDER / "vgg16.npz", **arrays)
    np.savez_compressed(FOLDER / "refused_objects.npz", a=np.array([{}, None], dtype=object))


# Caffe: its schema, as far as weights go


def caffe_message():
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")

    def message(name, *fields):
        new = file.message_type.add(name=name)
        for number, field, kind, label, type_name in fields:
            added = new.field.add(name=field, number=number, type=kind, label=label)
            if type_name:
                added.type_name = f".caffe.{type_name}"
            if kind in (T.TYPE_FLOAT, T.TYPE_INT64) and label == T.LABEL_REPEATED:
                added.options.packed = True

    T = descriptor_pb2.FieldDescriptorProto
    one, many = T.LABEL_OPTIONAL, T.LABEL_REPEATED
    message("BlobShape", (1, "dim", T.TYPE_INT64, many, None))
    legacy = [(i, n, T.TYPE_INT32, one, None) for i, n in enumerate("num channels height width".split(), 1)]
    message(
        "BlobProto",
        *legacy,
        (5, "data", T.TYPE_FLOAT, many, None),
        (7, "shape", T.TYPE_MESSAGE, one, "BlobShape"),
    )
    message(
        "V1LayerParameter",
        (2, "bottom", T.TYPE_STRING, many, None),
        (3, "top", T.TYPE_STRING, many, None),
        (4, "name", T.TYPE_STRING, one, None),
        (5, "type", T.TYPE_INT32, one, None),
        (6, "blobs", T.TYPE_MESSAGE, many, "BlobProto"),
    )
    message(
        "LayerParameter",
        (1, "name", T.TYPE_STRING, one, None),
        (2, "type", T.TYPE_STRING, one, None),
        (3, "bottom", T.TYPE_STRING, many, None),
        (4, "top", T.TYPE_STRING, many, None),
        (7, "blobs", T.TYPE_MESSAGE, many, "BlobProto"),
    )
    message(
        "NetParameter",
        (1, "name", T.TYPE_STRING, one, None),
        (2, "layers", T.TYPE_MESSAGE, many, "V1LayerParameter"),
        (3, "input", T.TYPE_STRING, many, None),
        (100, "layer", T.TYPE_MESSAGE, many, "LayerParameter"),
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe.NetParameter"))


def write_caffe():
    net_parameter = caffe_message()
    for path, old in (("vgg16.caffemodel", True), ("vgg16_new.caffemodel", False)):
        net = net_parameter(name="VGG_ILSVRC_16_layers")
        net.input.append("data")
        layers = net.layers if old else net.layer
        types = {"convolution": 4, "relu": 18, "dense": 14} if old else {
            "convolution": "Convolution", "relu": "ReLU", "dense": "InnerProduct"}

        def blob(layer, array):
            added = layer.blobs.add(data=array.ravel().tolist())
            if old:
                sizes = (1,) * (4 - array.ndim) + array.shape
                added.num, added.channels, added.height, added.width = sizes
            else:
                added.shape.dim.extend(array.shape)

        for name, (kernel, bias) in weights().items():
            label = name.replace("block", "conv").replace("_conv", "_")
            layer = layers.add(name=label, type=types["convolution"], bottom=["x"], top=[label])
            blob(layer, kernel.transpose(3, 2, 0, 1))
            blob(layer, bias)
            layers.add(name=label.replace("conv", "relu"), type=types["relu"], bottom=[label])
        dense = layers.add(name="fc6", type=types["dense"])
        blob(dense, np.zeros((4, 6), "f4"))
        blob(dense, np.zeros(4, "f4"))
        (FOLDER / path).write_bytes(net.SerializeToString(deterministic=True))


# Keras 3


def write_keras():
    def build(named):
        layers = [keras.Input((32, 32, 3))]
        for name, (kernel, _) in weights().items():
            if name.endswith("conv1") and name != "block1_conv1":
                layers.append(keras.layers.MaxPooling2D())
            label = {"name": name} if named else {}
            layers.append(
                keras.layers.Conv2D(kernel.shape[3], 3, padding="same", activation="relu", **label)
            )
        layers += [keras.layers.Flatten(), keras.layers.Dense(2)]
        model = keras.Sequential(layers)
        convolutions = [l for l in model.layers if isinstance(l, keras.layers.Conv2D)]
        for layer, values in zip(convolutions, weights().values(), strict=True):
            layer.set_weights(values)
        return model

    build(True).save_weights(FOLDER / "vgg16.weights.h5")
    keras.utils.clear_session()
    build(False).save(FOLDER / "vgg16.keras")


def main():
    torch.set_num_threads(1)
    model = torch_modules()
    write_torch(model)
    write_numpy()
    write_caffe()
    write_keras()
    layers = {}
    for name, features in seen(model).items():
        flat = features.detach().flatten()
        layers[name] = {
            "shape": list(features.shape),
            "rms": digits(flat.square().mean().sqrt()),
            "values": [digits(v) for v in flat[:: max(1, flat.numel() // 60)][:60]],
            "stride": max(1, flat.numel() // 60),
        }
    versions = f"keras {keras.__version__}, protobuf {google.protobuf.__version__}, " \
        f"numpy {np.__version__}, safetensors {safetensors.__version__}"
    size = {"height": HEIGHT, "width": WIDTH, "seed": PICTURE_SEED}
    write_json("weights", {"made_by": f"{made_by()}, {versions}", **size, "layers": layers})


if __name__ == "__main__":
    main()

"""Makes tests/golden/pictures: small pictures in many formats and what they must decode to.

    python tests/reference/make_picture_golden.py

Needs NumPy and Pillow with AVIF (written with Pillow 13.0.0, NumPy 2.4.6). The picture files are the input,
golden.json holds, for each, the RGB values that Pillow reads, orientation applied and alpha composed
on white (row by row, uint8, or uint16 = 257 times the value where whole levels are too coarse;
compressed with zlib, in base64). A second table holds samples
of Lanczos resizes of a shipped photograph, a third one small resizes with each kernel.
"""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageCms, ImageOps

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "golden" / "pictures"
PHOTOGRAPH = "notebooks/images/content/eilean-donan.jpg"
WIDTH, HEIGHT = 23, 17  # odd: rows of 1-, 2- and 4-bit pictures end within a byte

rows: dict[str, dict] = {}


def scene(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A smooth colour ramp, different in each corner, so that every flip and turn shows."""
    y, x = np.mgrid[0:height, 0:width]
    red = 20 + 220 * x / (width - 1)
    green = 30 + 200 * y / (height - 1)
    blue = 128 + 100 * np.sin(x * y / 60)
    return np.stack([red, green, blue], axis=-1).round().astype(np.uint8)


def alpha_ramp() -> np.ndarray:
    x = np.arange(WIDTH)[None, :].repeat(HEIGHT, 0)
    return (x * 255 / (WIDTH - 1)).round().astype(np.uint8)


def pack(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(values).tobytes(), 9)).decode()


def on_white(rgba: np.ndarray) -> np.ndarray:
    colour, alpha = rgba[..., :3].astype(np.float64), rgba[..., 3:].astype(np.float64) / 255
    return (colour * alpha + 255 * (1 - alpha))


def expect(name: str, rgb: np.ndarray | None = None) -> None:
    """Records what `name` decodes to: `rgb`, or what Pillow makes of the file."""
    if rgb is None:
        image = ImageOps.exif_transpose(Image.open(OUT / name))
        has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        rgb = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))
        rgb = on_white(rgb) if has_alpha else rgb
    fine = rgb.dtype != np.uint8
    rows[name] = {
        "width": rgb.shape[1],
        "height": rgb.shape[0],
        "type": "uint16" if fine else "uint8",
        "rgb": pack((rgb * 257).round().astype("<u2") if fine else rgb),
    }


def save(name: str, image: Image.Image, **options) -> None:
    image.save(OUT / name, **options)
    expect(name)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples: np.ndarray, depth: int) -> bytes:
    """Scan lines of a PNG (filter 0) of `samples` [H, W, C] at `depth` bits."""
    lines = []
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            lines.append(b"\0" + row.astype(">u2").tobytes())
        else:
            bits = "".join(format(int(value), f"0{depth}b") for value in row)
            bits += "0" * (-len(bits) % 8)
            lines.append(b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big"))
    return b"".join(lines)


# First column and row, and steps, of the seven passes of an interlaced PNG.
ADAM7 = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]


def write_png(
    name: str,
    samples: np.ndarray,
    depth: int,
    colour_type: int,
    interlaced: bool = False,
    **chunks: bytes,
) -> None:
    """A PNG of the kinds that Pillow cannot write."""
    height, width = samples.shape[:2]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [samples]
    data = b"".join(packed_rows(part, depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    (OUT / name).write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + b"".join(png_chunk(kind.encode(), data) for kind, data in chunks.items())
        + png_chunk(b"IDAT", zlib.compress(data, 9))
        + png_chunk(b"IEND", b"")
    )


def make_png() -> None:
    colour = Image.fromarray(scene())
    save("rgb.png", colour)
    save("rgba.png", Image.fromarray(np.dstack([scene(), alpha_ramp()])))
    save("grey.png", colour.convert("L"))
    save("grey-alpha.png", Image.merge("LA", [colour.convert("L"), Image.fromarray(alpha_ramp())]))
    save("palette.png", colour.quantize(40))
    for bits in (4, 2, 1):
        save(f"palette-{bits}-bit.png", colour.quantize(2**bits), bits=bits)
    save("palette-transparent.png", colour.quantize(16), transparency=bytes(range(0, 256, 17)))
    grey = np.asarray(colour.convert("L"))
    for depth in (1, 2, 4):
        for width in (WIDTH, 16) if depth == 1 else (WIDTH,):
            level = (grey[:, :width] >> (8 - depth)).astype(np.uint8)
            name = f"grey-{depth}-bit{'-wide-16' if width == 16 else ''}.png"
            write_png(name, level[..., None], depth, 0)
            expect(name, (level * (255 // (2**depth - 1)))[..., None].repeat(3, -1))
    # 16 bits: 257 of 65535 are one of 255; Pillow drops the low byte, we keep it.
    deep = scene().astype(np.uint16) * 257
    deep[0] += np.uint16(100) * (deep[0] < 60000)
    write_png("rgb-16-bit.png", deep, 16, 2)
    expect("rgb-16-bit.png", (deep / 257))
    deep_alpha = np.dstack([deep, alpha_ramp().astype(np.uint16) * 257])
    write_png("rgba-16-bit.png", deep_alpha, 16, 6)
    expect("rgba-16-bit.png", on_white(deep_alpha / 257))
    write_png("grey-16-bit.png", deep[..., 0], 16, 0)
    expect("grey-16-bit.png", (deep[..., :1] / 257).repeat(3, -1))
    write_png("rgb-interlaced.png", scene(), 8, 2, interlaced=True)
    expect("rgb-interlaced.png")
    write_png("grey-2-bit-interlaced.png", (grey >> 6)[..., None], 2, 0, interlaced=True)
    expect("grey-2-bit-interlaced.png", ((grey >> 6) * 85)[..., None].repeat(3, -1))
    # One colour, the top left pixel's, declared transparent.
    red, green, blue = (int(value) for value in scene()[0, 0])
    write_png("rgb-colour-key.png", scene(), 8, 2, tRNS=struct.pack(">HHH", red, green, blue))
    expect("rgb-colour-key.png")
    write_png("grey-colour-key.png", grey[..., None], 8, 0, tRNS=struct.pack(">H", int(grey[0, 0])))
    expect("grey-colour-key.png")


def make_jpeg() -> None:
    colour = Image.fromarray(scene())
    save("baseline-444.jpg", colour, quality=92, subsampling=0)
    save("baseline-420.jpg", colour, quality=92, subsampling=2)
    save("baseline-422.jpg", colour, quality=92, subsampling=1)
    save("progressive.jpg", colour, quality=92, subsampling=2, progressive=True)
    save("grey.jpg", colour.convert("L"), quality=92)
    save("restart.jpg", colour, quality=92, subsampling=2, restart_marker_blocks=1)
    save("cmyk.jpg", colour.convert("CMYK"), quality=92)
    save("rgb-not-ycbcr.jpg", colour, quality=92, keep_rgb=True)


def make_oriented() -> None:
    """EXIF orientations 1-8 of one upright picture; every file shows the same scene."""
    upright = Image.fromarray(scene(24, 16))
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    for orientation, operation in undo.items():
        stored = upright if operation is None else upright.transpose(operation)
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f"orientation-{orientation}.jpg", stored, quality=92, subsampling=0, exif=exif)
        read = ImageOps.exif_transpose(Image.open(OUT / f"orientation-{orientation}.jpg"))
        assert np.abs(np.asarray(read).astype(int) - np.asarray(upright)).mean() < 4
        if orientation == 6:
            save("orientation-6.png", stored, exif=exif)
            save("orientation-6.tif", stored, exif=exif)


def make_tiff_and_bmp() -> None:
    colour = Image.fromarray(scene())
    rgba = Image.fromarray(np.dstack([scene(), alpha_ramp()]))
    save("rgb.tif", colour)
    save("rgb-lzw.tif", colour, compression="tiff_lzw")
    save("rgb-deflate.tif", colour, compression="tiff_adobe_deflate")
    save("rgba.tif", rgba)
    save("grey.tif", colour.convert("L"))
    save("black-white.tif", colour.convert("1"))
    save("palette.tif", colour.quantize(40))
    save("cmyk.tif", colour.convert("CMYK"))
    deep = scene()[..., 0].astype(np.uint16) * 257 + 5
    Image.fromarray(deep).save(OUT / "grey-16-bit.tif")
    expect("grey-16-bit.tif", (deep[..., None] / 257).repeat(3, -1))
    save("rgb.bmp", colour)
    save("grey.bmp", colour.convert("L"))
    save("black-white.bmp", colour.convert("1"))
    save("palette.bmp", colour.quantize(40))
    save("rgba.bmp", rgba)


def make_webp_avif_gif() -> None:
    colour = Image.fromarray(scene())
    rgba = Image.fromarray(np.dstack([scene(), alpha_ramp()]))
    save("lossy.webp", colour, quality=90)
    save("lossless.webp", rgba, lossless=True, exact=True)
    save("photo.avif", colour, quality=90, subsampling="4:4:4")
    colour.save(OUT / "frames.gif", save_all=True, append_images=[colour.rotate(90)])
    expect("frames.gif")


def display_p3() -> bytes:
    """A profile with the primaries of Display P3: that of sRGB with other colorants (D50, SMPTE EG 432-1)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # the date: the same file every time
    colorants = {
        b"rXYZ": (0.51512, 0.2412, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.1571, 0.06657, 0.78407),
    }
    for tag, values in colorants.items():
        entry = profile.index(tag, 128)
        start = struct.unpack(">I", profile[entry + 4 : entry + 8])[0]
        numbers = [round(value * 65536) for value in values]
        profile[start + 8 : start + 20] = struct.pack(">iii", *numbers)
    return bytes(profile)


def make_profiles() -> None:
    """Display P3 as what it is in sRGB; the red that sRGB calls 255, 0, 0; a profile that is none."""
    profile = display_p3()
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    colour = Image.fromarray(scene())
    for name in ("display-p3.png", "display-p3.jpg"):
        colour.save(OUT / name, icc_profile=profile, **({"quality": 95, "subsampling": 0}))
        expect(name, np.asarray(ImageCms.profileToProfile(Image.open(OUT / name), source, target)))
    red = Image.new("RGB", (4, 4), (234, 51, 35))
    red.save(OUT / "display-p3-red.png", icc_profile=profile)
    expect("display-p3-red.png", np.full((4, 4, 3), (255, 0, 0), np.uint8))
    save("no-profile.png", colour, icc_profile=b"This is no profile. " * 10)
    save("no-profile.jpg", colour, icc_profile=b"This is no profile. " * 10, quality=92, subsampling=0)


def make_odd() -> None:
    """Whole pictures with something odd about them, which Pillow reads as well."""
    plain = (OUT / "rgb.png").read_bytes()
    header, rest, end = plain[:33], plain[33:-12], plain[-12:]
    (OUT / "odd-text.png").write_bytes(header + png_chunk(b"tEXt", b"") + rest + end)
    (OUT / "odd-no-end.png").write_bytes(header + rest)
    colour = Image.fromarray(scene())
    stored = io.BytesIO()
    colour.save(stored, "jpeg", quality=92, keep_rgb=True)
    marked = stored.getvalue()  # Adobe's mark says RGB, no JFIF
    at = marked.index(b"\xff\xee")
    unmarked = bytearray(marked[:at] + marked[at + 2 + struct.unpack(">H", marked[at + 2 : at + 4])[0] :])
    frame, scan = unmarked.index(b"\xff\xc0"), unmarked.index(b"\xff\xda")
    for i, letter in enumerate(b"RGB"):
        unmarked[frame + 10 + 3 * i] = unmarked[scan + 5 + 2 * i] = letter
    (OUT / "rgb-no-mark.jpg").write_bytes(unmarked)
    # Beside JFIF, which is always YCbCr, Adobe's 0 counts for nothing.
    jfif = (OUT / "baseline-444.jpg").read_bytes()
    mark = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    (OUT / "jfif-adobe-0.jpg").write_bytes(jfif[:20] + mark + jfif[20:])
    for name in ("odd-text.png", "odd-no-end.png", "rgb-no-mark.jpg", "jfif-adobe-0.jpg"):
        expect(name)


def make_refused() -> None:
    """Small files that claim much, and a kind that is not read."""
    jpeg = (OUT / "baseline-444.jpg").read_bytes()
    frame = jpeg.index(b"\xff\xc0")
    length = 2 + struct.unpack(">H", jpeg[frame + 2 : frame + 4])[0]
    large = bytearray(jpeg[frame : frame + length])
    large[5:9] = struct.pack(">HH", 65000, 65000)
    (OUT / "refused-two-frames.jpg").write_bytes(jpeg[:frame] + large + jpeg[frame:])
    # After the scan nobody need look at another frame: Pillow does and refuses it.
    (OUT / "odd-late-frame.jpg").write_bytes(jpeg[:-2] + large + jpeg[-2:])
    expect("odd-late-frame.jpg", np.asarray(Image.open(OUT / "baseline-444.jpg")))
    wide = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 10**8, 1, 8, 0, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(b""))
    (OUT / "refused-wide.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + wide + data + png_chunk(b"IEND", b"")
    )
    Image.fromarray((scene()[..., 0] / 255).astype(np.float32)).save(OUT / "refused-float.tif")


def resized() -> dict:
    """The tutorial's `load_image` (longer side `max_size`, truncated, Lanczos), every 7th pixel."""
    photograph = Image.open(ROOT / PHOTOGRAPH)
    samples = {}
    for name, source, max_size in (
        ("photograph", photograph, 300),
        ("scene-down", Image.fromarray(scene(97, 61)), 30),
        ("scene-up", Image.fromarray(scene()), 60),
    ):
        factor = max_size / max(source.size)
        size = tuple(int(side * factor) for side in source.size)
        pixels = np.asarray(source.resize(size, Image.Resampling.LANCZOS))[::7, ::7]
        width, height = size
        samples[name] = {"width": width, "height": height, "every": 7, "rgb": pack(pixels)}
    return samples


def resized_with() -> dict:
    """A picture with sharp edges through each of Pillow's filters, to other proportions, all pixels."""
    pixels = scene(31, 23)
    pixels[5:14, 9:20] = (250, 10, 128)
    source = Image.fromarray(pixels)
    filters = {
        "lanczos": Image.Resampling.LANCZOS,
        "bicubic": Image.Resampling.BICUBIC,
        "bilinear": Image.Resampling.BILINEAR,
        "box": Image.Resampling.BOX,
    }
    return {
        "source": {"width": 31, "height": 23, "rgb": pack(pixels)},
        "results": [
            {"kernel": name, "width": size[0], "height": size[1], "rgb": pack(np.asarray(image))}
            for name, kernel in filters.items()
            for size in ((12, 17), (50, 61), (9, 60), (62, 46), (1, 1))
            for image in [source.resize(size, kernel)]
        ],
    }


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    make_png()
    make_jpeg()
    make_oriented()
    make_tiff_and_bmp()
    make_webp_avif_gif()
    make_profiles()
    make_odd()
    make_refused()
    golden = {
        "madeBy": "tests/reference/make_picture_golden.py, "
        f"Pillow {PIL.__version__}, NumPy {np.__version__}",
        "photograph": PHOTOGRAPH,
        "decoded": rows,
        "resized": resized(),
        "resizedWith": resized_with(),
    }
    (OUT / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()

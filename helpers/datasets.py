"""Data as NumPy arrays. Every file is on this computer already, is checked before use, and nothing is downloaded.

All data are real, but for `make_points`: those points are simulated.
"""

import gzip
from functools import cache, lru_cache
from io import BytesIO
from numbers import Integral, Real
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from PIL import Image

from helpers.data_files import DataError, checked, folder_of, generator, locked, own_folder, restore
from helpers.melodies import load_melodies  # noqa: F401
from helpers.pairs import (  # noqa: F401
    date_split,
    letter_split,
    load_dates,
    load_letters,
    load_place_names,
    place_name_split,
)
from helpers.series import (  # noqa: F401
    load_co2,
    load_heartbeat,
    load_spoken_digits,
    load_sunspots,
    spoken_digit_split,
)
from helpers.texts import (  # noqa: F401
    film_review_split,
    help_text_split,
    load_film_reviews,
    load_help_text,
    load_shop_reviews,
)

LUMA = (0.299, 0.587, 0.114)  # how much red, green and blue count in grey: ITU-R Recommendation BT.601, section 2.5.1

PHOTOS = ("astronaut", "camera", "cat", "coffee", "coins", "text")
TEXTURES = ("brick", "grass", "gravel")
POINTS = ("circles", "moons", "exclusive-or", "spirals")

_SKIMAGE = "scikit-image==0.26.0"  # the releases whose files have the checksums below
_SKLEARN = "scikit-learn==1.9.1"
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
_FACES = ("lfw_subset.npy", "9560ec2f5edfac01973f63a8a99d00053fecd11e21877e18038fbe500f8e872c")
_TABLES = {
    "breast cancer": ("breast_cancer.csv", "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed"),
    "diabetes": ("diabetes_data_raw.csv.gz", "7fc0ded571454b1982210d3bb43f0aca44eae01a0b8654a3b24022bdb6b38009"),
    "diabetes target": ("diabetes_target.csv.gz", "8e53f65eb811df43c206f3534bb3af0e5fed213bc37ed6ba36310157d6023803"),
    "digits": ("digits.csv.gz", "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"),
    "wine": ("wine_data.csv", "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede"),
}
_MNIST = ("mnist_5k.npz", "7abe78221e9baeebd163f502558681d95ab200c9a35c89683e87266a9573bb5b")

_WINE = (
    *("alcohol", "malic acid", "ash", "alkalinity of ash", "magnesium", "phenols", "flavanoids", "other phenols"),
    *("proanthocyanins", "colour intensity", "hue", "protein (OD280/OD315)", "proline"),
)
_NUCLEUS = (
    *("radius", "texture", "perimeter", "area", "smoothness"),
    *("compactness", "concavity", "concave points", "symmetry", "fractal dimension"),
)
_BREAST_CANCER = tuple(f"{number} {name}" for number in ("mean", "standard error of", "worst") for name in _NUCLEUS)
_DIABETES = (
    *("age", "sex", "body mass index", "blood pressure", "total cholesterol", "low-density lipoproteins"),
    *("high-density lipoproteins", "cholesterol ratio", "log of triglycerides", "blood sugar"),
)


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


def load_faces():
    """Return x, y: 100 faces and 100 other pictures, 1 = face.

    x is (200, 25, 25) float32 from 0 (dark) to 1 (bright), y is (200,) int64. The faces come first: mix them before training.
    There are no names. So one can learn whether a picture shows a face (detection), but not whose face it is (recognition).
    Take care: the other pictures are corners of photos, mostly smooth or black. One number, how much neighbouring pixels
    differ, tells 97 of 100 pictures apart. A network may learn no more than that.

    Source: Labeled Faces in the Wild, Huang, Ramesh, Berg and Learned-Miller 2007 (`datasets/README.md`).
    Raises DataError for a missing or damaged file.
    """
    x = _faces(_skimage_folder())
    return x.astype(np.float32), np.repeat([1, 0], 100).astype(np.int64)


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
    arrays = []
    for images, labels in parts.values():
        order = rng.permutation(len(labels))
        arrays += [np.asarray(images, dtype=np.float32)[order], np.asarray(labels, dtype=np.int64)[order]]
    return tuple(arrays)


class Table(NamedTuple):
    """Measurements, one row for each wine, tumour or patient."""

    x: np.ndarray  # (rows, columns) float64
    y: np.ndarray  # (rows,) int64: the number of the class; or float64: the quantity to predict
    columns: tuple  # what each column of x is
    classes: tuple | None  # the name of class 0, 1, ...; None where y is a quantity


def load_mnist(flat=False):
    """Return x, y: 5,000 written digits, 500 of each.

    x is (5000, 28, 28) float32, grey pictures from 0 (paper) to 1 (ink); y is (5000,) int64, the digits 0 to 9.
    With `flat=True` x is (5000, 784): the rows of a picture one after the other.
    All zeros come first, then all ones, and so on: before training use `mnist_split`.

    Source: MNIST, LeCun, Cortes and Burges (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    x, y = _mnist(own_folder())
    x = x.astype(np.float32) / np.float32(255)
    return x.reshape(len(x), -1) if flat else x, y.astype(np.int64)


def mnist_split(seed=0, test=1000, flat=False):
    """Return x_train, y_train, x_test, y_test: the 5,000 digits of `load_mnist` in two parts, each in random order.

    `test` pictures are for testing, as many of each digit; the training part has the others. `seed` chooses them.
    Raises ValueError if test is not a multiple of 10 from 10 to 4990, DataError for a missing or damaged file.
    """
    x, y = load_mnist(flat)
    digits = 10
    if not isinstance(test, Integral) or test % digits or not digits <= test <= len(y) - digits:
        raise ValueError(f"test: expected a multiple of {digits} from {digits} to {len(y) - digits} (pictures), got {test!r}")
    rng = generator(seed)
    is_test = np.zeros(len(y), dtype=bool)
    for digit in range(digits):
        is_test[rng.choice(np.flatnonzero(y == digit), size=test // digits, replace=False)] = True
    train, held_out = rng.permutation(np.flatnonzero(~is_test)), rng.permutation(np.flatnonzero(is_test))
    return x[train], y[train], x[held_out], y[held_out]


def load_digits():
    """Return x, y: 1,797 small written digits, (1797, 8, 8) float32 from 0 (paper) to 1 (ink), and (1797,) int64 from 0 to 9.

    Source: UCI, Alpaydin and Kaynak (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    rows = _rows(_sklearn_folder(), "digits")
    return rows[:, :-1].reshape(-1, 8, 8).astype(np.float32) / 16, rows[:, -1].astype(np.int64)


def load_wine():
    """Return a Table of 178 wines: 13 chemical measurements, and which of three kinds (0, 1, 2) each wine is.

    Source: UCI, Aeberhard and Forina (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    rows = _rows(_sklearn_folder(), "wine")
    return Table(rows[:, :-1].copy(), rows[:, -1].astype(np.int64), _WINE, ("kind 1", "kind 2", "kind 3"))


def load_breast_cancer():
    """Return a Table of 569 tumours: 30 measurements of the cell nuclei; class 0 is malignant (212), class 1 benign (357).

    Malignant means that it is cancer, benign that it is not. Each of ten measurements comes as the mean over all nuclei in the
    picture, as the standard error of that mean, and as "worst": the mean of the three largest.

    Source: UCI, Wolberg, Street and Mangasarian 1995 (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    rows = _rows(_sklearn_folder(), "breast cancer")
    return Table(rows[:, :-1].copy(), rows[:, -1].astype(np.int64), _BREAST_CANCER, ("malignant", "benign"))


def load_diabetes():
    """Return a Table of 442 patients: ten measurements in their own units, and how far the disease went in the next year.

    y is a score, from 25 to 346; more is worse. `datasets/README.md` says the units.

    Source: Efron, Hastie, Johnstone and Tibshirani 2004, section 1. Raises DataError for a missing or damaged file.
    """
    folder = _sklearn_folder()
    return Table(_rows(folder, "diabetes").copy(), _rows(folder, "diabetes target")[:, 0].copy(), _DIABETES, None)


def load_recorded(name):
    """Return what a training that was run earlier found: seed -> dict of arrays, such as "val_accuracy" (epochs,).

    `helpers/recordings/` has the source that trained it. Raises DataError for a missing or damaged file.
    """
    path = own_folder() / "recorded" / f"{name}.npz"
    runs = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            for key in file.files:
                seed, figure = key.split("/")
                runs.setdefault(int(seed), {})[figure] = file[key]
    except (OSError, ValueError, BadZipFile) as error:
        cure = f"git checkout datasets/recorded/{name}.npz, or: make record"
        raise DataError(f"The recording {name!r} is missing or damaged: {path} ({error}). To restore it: {cure}") from error
    return runs


def split(x, y, test=0.25, seed=0):
    """Return x_train, y_train, x_test, y_test: the rows of x (rows, ...) and y (rows, ...) in two parts, in random order.

    `test` is a share of the rows between 0 and 1, or a whole number of rows. `seed` chooses which.
    A network is judged on the test part, which it never saw: the training part it could know by heart.
    Raises ValueError where x and y differ in length, or where a part would be empty.
    """
    x, y = np.asarray(x), np.asarray(y)
    if not x.ndim or not y.ndim or len(x) != len(y):
        raise ValueError(f"y: expected as many rows as x, got shapes x {x.shape} and y {y.shape}")
    count = test if isinstance(test, Integral) and not isinstance(test, bool) else _share(test, len(x))
    if not 1 <= count <= len(x) - 1:
        raise ValueError(f"test: expected at least one row for each part, got {test!r}: {count} of {len(x)} rows for testing")
    order = generator(seed).permutation(len(x))
    train, held_out = order[count:], order[:count]
    return x[train], y[train], x[held_out], y[held_out]


def standardize(train, *others):
    """Return the arrays with the training mean taken away, divided by the training standard deviation, column by column.

    train is (rows, ...), the others have the same columns. One array alone gives one array back, several give a tuple.
    float64, but float32 where an array is float32. A column that is constant in train becomes 0 there.

    The mean and the deviation come from `train` alone, also for the test data. To take them from the test data would be a leak:
    part of the examination would be known before it begins, and the result would look better than real use.
    Raises ValueError for an empty array, for other columns, and for NaN or infinity.
    """
    arrays = [_numbers("train", train), *(_numbers(f"others[{place}]", other) for place, other in enumerate(others))]
    for place, other in enumerate(arrays[1:]):
        if other.shape[1:] != arrays[0].shape[1:]:
            raise ValueError(
                f"others[{place}]: expected the columns of train, shape (rows, ...) of {arrays[0].shape}, got {other.shape}"
            )
    known = arrays[0].astype(np.float64)
    constant = known.min(axis=0) == known.max(axis=0)  # rounding may leave a deviation of 1e-17, which nobody should divide by
    mean = np.where(constant, known[0], known.mean(axis=0))
    deviation = np.where(constant, 1, known.std(axis=0))
    scaled = tuple(((array - mean) / deviation).astype(array.dtype) for array in arrays)
    return scaled if others else scaled[0]


def make_points(kind="circles", points=200, noise=0.1, seed=0):
    """Return x, y: SIMULATED points in a plane, (points, 2) float64, and their class 0 or 1, (points,) int64, in mixed order.

    Half of the points belong to each class (of an odd number, class 1 has one more). Without noise all lie within -1 to 1:

    - "circles": class 1 on a small circle inside the large circle of class 0;
    - "moons": two half circles that reach into each other;
    - "exclusive-or": class 1 where exactly one of the two coordinates is above 0; a gap is left along both axes;
    - "spirals": two arms that wind around each other.

    `noise`, from 0 to 0.5, is the standard deviation of what is added to each coordinate. The same arguments give the same
    points; with other noise the same points are moved less or more.
    Raises ValueError for an unknown kind, fewer than 2 points or other noise.
    """
    if kind not in POINTS:
        raise ValueError(f"kind: expected one of {', '.join(POINTS)}, got {kind!r}")
    if not isinstance(points, Integral) or isinstance(points, bool) or points < 2:
        raise ValueError(f"points: expected a whole number, 2 or more, got {points!r}")
    if not isinstance(noise, Real) or not 0 <= noise <= 0.5:
        raise ValueError(f"noise: expected a number from 0 to 0.5, got {noise!r}")
    rng = generator(seed)
    y = rng.permutation(np.repeat([0, 1], [points // 2, points - points // 2]))
    clean = _SHAPES[kind](y, rng)
    return clean + noise * rng.standard_normal(clean.shape), y


def _circles(y, rng):
    return _around(np.where(y == 1, 0.4, 0.9), rng.uniform(0, 2 * np.pi, len(y)))


def _moons(y, rng):
    # The second moon is the first one turned by half a turn around (0, 0).
    first = _around(0.6, rng.uniform(0, np.pi, len(y))) - (0.3, 0.15)
    return np.where(y[:, None] == 1, -first, first)


def _exclusive_or(y, rng):
    across = rng.choice((-1, 1), len(y))
    signs = np.stack([across, np.where(y == 1, -across, across)], axis=1)
    return signs * rng.uniform(0.1, 1, (len(y), 2))


def _spirals(y, rng):
    # Along the arm from 0 to 1; the square root leaves as many points outside as inside, where the arm is short.
    along = np.sqrt(rng.uniform(0, 1, len(y)))
    return _around(0.1 + 0.85 * along, np.pi * (2 * along + y))


def _around(radius, angle):
    """Return the points (points, 2) at a distance from (0, 0), in a direction in radians."""
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


_SHAPES = dict(zip(POINTS, (_circles, _moons, _exclusive_or, _spirals), strict=True))


def _share(test, rows):
    """Return the number of test rows for a share between 0 and 1."""
    if not isinstance(test, Real) or isinstance(test, bool) or not 0 < test < 1:
        raise ValueError(f"test: expected a share between 0 and 1 or a whole number of rows, got {test!r}")
    return round(test * rows)


def _numbers(name, array):
    """Return the array in float64 (float32 stays); raise ValueError where it is empty or not of finite numbers."""
    array = np.asarray(array)
    if not array.size or not array.ndim or array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected numbers of shape (rows, ...), got shape {array.shape} of {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got {np.count_nonzero(~np.isfinite(array))} NaN or infinite")
    return array if array.dtype == np.float32 else array.astype(np.float64)


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
    return folder_of("skimage", "scikit-image", _SKIMAGE) / "data"


def _sklearn_folder():
    return folder_of("sklearn", "scikit-learn", _SKLEARN) / "datasets" / "data"


@cache
def _read(folder, name):
    """Return the pixels of a picture as a read-only uint8 array."""
    content = checked(f"The picture {name!r}", folder, *_FILES[name], restore(_SKIMAGE))
    with Image.open(BytesIO(content), formats=("PNG",)) as image:
        return locked(np.array(image))


@cache
def _faces(folder):
    """Return the faces and the other pictures as a read-only float64 array (200, 25, 25)."""
    content = checked("The file of faces", folder, *_FACES, restore(_SKIMAGE))
    return locked(np.load(BytesIO(content), allow_pickle=False))


@cache
def _rows(folder, name):
    """Return a table as a read-only float64 array (rows, columns); the last column may be the class."""
    file, expected = _TABLES[name]
    content = checked(f"The table {name!r}", folder, file, expected, restore(_SKLEARN))
    text = (gzip.decompress(content) if file.endswith(".gz") else content).decode("ascii")
    # Tables without .gz begin with a line that holds their size and the names of the classes.
    lines = text.splitlines()[0 if file.endswith(".gz") else 1 :]
    return locked(np.loadtxt(lines, delimiter="," if "," in lines[0] else None, ndmin=2))


@cache
def _mnist(folder):
    """Return the digits as read-only uint8 arrays, (5000, 28, 28) and (5000,)."""
    cure = "git checkout datasets/mnist_5k.npz, or, with a network: python datasets/build.py"
    content = checked("The file of digits", folder, *_MNIST, cure)
    with np.load(BytesIO(content), allow_pickle=False) as file:
        return locked(file["x"]), locked(file["y"])

"""Augmentation: new pictures from old ones, turned, moved, made brighter or noisy, so that a network sees more of them.

Images are channels last, as in Keras: (batch, height, width, channels), float32 or float64; every function returns new arrays
of the same shape. One call does the same to all pictures of a batch; noise, cutout, mixup and augment draw for each by itself.
To move pictures is to multiply places by a 3 x 3 matrix. A place is (row, column, 1); row 0 is at the top, and the 1 lets the
matrix shift too. The matrix says where a place of the old picture goes. `b @ a` does a first, then b.
"""

import numpy as np

from helpers.scratch.checks import finite, floats, number, random_generator, whole
from helpers.scratch.convolution import checked_images


def shift_matrix(down, right):
    """Return the 3 x 3 matrix that moves a picture, in pixels; fractions and negative numbers are welcome."""
    return np.array([[1, 0, _any("down", down)], [0, 1, _any("right", right)], [0, 0, 1]], float)


def rotation_matrix(degrees, height, width):
    """Return the 3 x 3 matrix that turns a picture about its centre, the place ((height - 1) / 2, (width - 1) / 2).

    Positive degrees turn against the clock, as seen on the screen. height and width are in pixels.
    """
    angle = np.radians(_any("degrees", degrees))
    # Rounded, since cos(90 degrees) comes out as 6e-17: so a quarter of a turn moves whole pixels. Adding 0 makes -0 a 0.
    cos, sin = np.cos(angle).round(15) + 0.0, np.sin(angle).round(15) + 0.0
    return _about_centre([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], height, width)


def zoom_matrix(factor, height, width):
    """Return the 3 x 3 matrix that makes a picture `factor` times as large about its centre: 2 doubles, 0.5 halves."""
    factor = number("factor", factor, "a number above 0", lambda value: value > 0)
    return _about_centre(np.diag([factor, factor, 1]), height, width)


def transform(images, matrix, fill=0.0):
    """Return the pictures moved by a 3 x 3 matrix, in a frame of the same size. Outside the old picture all is `fill`.

    For each place of the new picture: where in the old one does it come from? That is mostly between four pixels, and the new
    pixel is their mean, weighted by how near they are (bilinear). Neighbours outside the old picture count as `fill`.
    Raises ValueError for a matrix that is not 3 x 3, whose last row is not (0, 0, 1), or that cannot be undone.
    """
    images, fill = checked_images(images), _any("fill", fill)
    height, width = images.shape[1:3]
    rows, columns = np.indices((height, width))
    places = np.stack([rows, columns, np.ones_like(rows)])  # (3, height, width)
    # The matrix leads from old to new. Going back, from new to old, every new pixel gets a value: there are no holes.
    rows, columns, _ = np.tensordot(_inverse(matrix), places, axes=1)
    # A rim of `fill` around the pictures stands for everything outside: what comes from further away is taken from there.
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2), (0, 0)), constant_values=fill)
    rows, columns = np.clip(rows, -1, height) + 1, np.clip(columns, -1, width) + 1
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    lower = (rows - top)[..., None].astype(images.dtype)  # from 0, at the upper neighbours, to 1, at the lower ones
    righter = (columns - left)[..., None].astype(images.dtype)
    above = (1 - righter) * padded[:, top, left] + righter * padded[:, top, left + 1]
    below = (1 - righter) * padded[:, top + 1, left] + righter * padded[:, top + 1, left + 1]
    return (1 - lower) * above + lower * below


def flip(images, horizontal=True):
    """Return the mirror pictures: left and right change places, or with horizontal=False top and bottom."""
    images = checked_images(images)
    return (images[:, :, ::-1] if _flag("horizontal", horizontal) else images[:, ::-1]).copy()


def rotate(images, degrees):
    """Return the pictures turned about their centre; positive degrees turn against the clock, as seen on the screen."""
    images = checked_images(images)
    return transform(images, rotation_matrix(degrees, *images.shape[1:3]))


def shift(images, down, right):
    """Return the pictures moved by so many pixels, which may be fractions; negative numbers move up and left."""
    return transform(images, shift_matrix(down, right))


def zoom(images, factor):
    """Return the pictures `factor` times as large about their centre, in a frame of the same size."""
    images = checked_images(images)
    return transform(images, zoom_matrix(factor, *images.shape[1:3]))


def brightness(images, delta):
    """Return images + delta, clipped to [0, 1] as in Keras's RandomBrightness with value_range=(0, 1).

    `delta` is from -1 to 1. Pictures with values up to 255 have to be divided by 255 first.
    """
    delta = float(number("delta", delta, "a number from -1 to 1", lambda value: -1 <= value <= 1))
    return np.clip(checked_images(images) + delta, 0, 1)


def contrast(images, factor):
    """Return mean + factor * (images - mean), clipped to [0, 1] as in Keras's RandomContrast with value_range=(0, 1).

    The mean is that of each channel of each picture. `factor` 0 leaves nothing but the mean, 1 changes nothing, 2 doubles.
    """
    factor = float(number("factor", factor, "a number of at least 0", lambda value: value >= 0))
    images = checked_images(images)
    mean = images.mean(axis=(1, 2), keepdims=True)
    return np.clip(mean + factor * (images - mean), 0, 1)


def noise(images, standard_deviation, rng):
    """Return the images plus normal noise of mean 0, drawn for each number by itself.

    Nothing is clipped, as in Keras's GaussianNoise: clipping would pull dark pixels up and bright ones down.
    """
    spread = number("standard_deviation", standard_deviation, "a number of at least 0", lambda value: value >= 0)
    images = checked_images(images)
    return images + random_generator(rng).normal(0, spread, images.shape).astype(images.dtype)


def cutout(images, size, rng):
    """Return the pictures with a square of size x size pixels set to 0 in all channels, each at a random place of its own.

    The centre of the square may be any pixel. So near an edge a part of it lies outside, and fewer pixels are 0: DeVries and
    Taylor (2017) found that networks gain from it, since some pictures stay almost whole. A square of even size has no pixel
    in the middle; there the centre is the pixel below and to the right of it.
    """
    images, size = checked_images(images).copy(), whole("size", size, at_least=1)
    batch, height, width, _ = images.shape
    rows, columns = (_in_square(pixels, size, batch, random_generator(rng)) for pixels in (height, width))
    images[rows[:, :, None] & columns[:, None, :]] = 0
    return images


def mixup(images, labels, alpha, rng):
    """Return (images, labels): each picture mixed with another one of the batch, and its label in the same shares.

    new = share * picture + (1 - share) * partner. labels (batch, classes) are one-hot, or probabilities; their sum stays 1.
    Partners are rng.permutation(batch), so that a picture may meet itself; then each share is drawn, rng.beta(alpha, alpha):
    with alpha 1 all shares are equally likely, with 0.2 most are near 0 or 1 (Zhang et al. 2018; one share each, as in Keras).
    """
    images, labels = checked_images(images), floats(labels)
    if labels.ndim != 2 or len(labels) != len(images):
        raise ValueError(f"labels: expected shape (batch, classes) with a batch of {len(images)}, got {labels.shape}")
    finite("labels", labels)
    alpha = number("alpha", alpha, "a number above 0", lambda value: value > 0)
    partners = random_generator(rng).permutation(len(images))
    shares = rng.beta(alpha, alpha, len(images))
    return _mixed(images, partners, shares), _mixed(labels, partners, shares)


def augment(images, rng, degrees=0.0, pixels=0.0, factor=1.0, mirror=False, light=0.0):
    """Return the pictures, each changed by draws of its own, all equally likely: a policy of augmentation.

    First zoomed by 1 / factor to factor, turned by -degrees to degrees, and shifted by -pixels to pixels down and right: the
    three matrices become one, so that a picture is sampled only once. Then mirrored or not, one chance in two, if `mirror` is
    True; then `light`, from -light to light, is added to its brightness. With no arguments besides rng nothing changes.
    """
    images, rng = checked_images(images), random_generator(rng)
    for name, size in {"degrees": degrees, "pixels": pixels, "light": light}.items():
        number(name, size, "a number of at least 0", lambda size: size >= 0)
    number("factor", factor, "a number of at least 1", lambda factor: factor >= 1)
    return np.stack([_drawn(image, rng, degrees, pixels, factor, _flag("mirror", mirror), light) for image in images])


def _drawn(image, rng, degrees, pixels, factor, mirror, light):
    """Return one picture (height, width, channels), changed by draws of its own."""
    height, width, _ = image.shape
    larger = factor ** rng.uniform(-1, 1)  # so half as large and twice as large are equally likely
    matrix = rotation_matrix(rng.uniform(-degrees, degrees), height, width) @ zoom_matrix(larger, height, width)
    matrix = shift_matrix(*rng.uniform(-pixels, pixels, 2)) @ matrix
    changed = transform(image[None], matrix)
    if mirror and rng.random() < 0.5:
        changed = flip(changed)
    return (brightness(changed, rng.uniform(-light, light)) if light else changed)[0]


def _in_square(pixels, size, batch, rng):
    """Return where the pixels of one axis lie in a square with its centre at random: True or False, (batch, pixels)."""
    start, place = rng.integers(pixels, size=(batch, 1)) - size // 2, np.arange(pixels)
    return (start <= place) & (place < start + size)


def _mixed(array, partners, shares):
    """Return share * example + (1 - share) * partner, for an array (batch, ...)."""
    shares = shares.reshape(-1, *[1] * (array.ndim - 1)).astype(array.dtype)
    return shares * array + (1 - shares) * array[partners]


def _about_centre(matrix, height, width):
    """Return the matrix that moves the centre to place (0, 0), does what `matrix` does there, and moves it back."""
    down, right = (whole("height", height, at_least=1) - 1) / 2, (whole("width", width, at_least=1) - 1) / 2
    return shift_matrix(down, right) @ np.array(matrix, float) @ shift_matrix(-down, -right)


def _inverse(matrix):
    """Return the matrix that undoes a 3 x 3 matrix."""
    matrix = np.asarray(matrix, float)
    if matrix.shape != (3, 3) or not np.array_equal(matrix[2], [0, 0, 1]):
        raise ValueError(f"matrix: expected 3 x 3 numbers with the last row (0, 0, 1), got {matrix.tolist()}")
    finite("matrix", matrix)
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        inverse = np.full((3, 3), np.inf)
    if not np.isfinite(inverse).all():
        raise ValueError(f"matrix: expected one that can be undone, got {matrix.tolist()}, which squeezes the picture flat")
    return inverse


def _any(name, value):
    return float(number(name, value, "a finite number", lambda value: True))


def _flag(name, value):
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name}: expected True or False, got {value!r}")
    return value

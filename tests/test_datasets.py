"""Data: right shapes and ranges, checked files, a fair split, and a quick import."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import datasets
from helpers.datasets import LUMA, PHOTOS, TEXTURES, DataError, load_photo, load_textures, shrink, texture_patches

ROOT = Path(__file__).parent.parent
SHAPES = {
    "astronaut": (512, 512, 3),
    "camera": (512, 512),
    "cat": (300, 451, 3),
    "coffee": (400, 600, 3),
    "coins": (303, 384),
    "text": (172, 448),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_photo_has_its_shape_and_real_contrast(name):
    photo = load_photo(name)
    assert photo.shape == SHAPES[name]
    assert photo.dtype == np.float64
    assert photo.min() >= 0 and photo.max() <= 1
    assert photo.std() > 0.08


def test_photo_keeps_the_pixels_of_the_file():
    from skimage import data

    assert_array_equal(np.round(load_photo("cat") * 255), data.chelsea())
    assert_array_equal(np.round(load_photo("camera") * 255), data.camera())


def test_grey_is_the_weighted_sum_of_the_channels():
    colour, grey = load_photo("coffee"), load_photo("coffee", grey=True)
    assert_allclose(grey[10, 20], 0.299 * colour[10, 20, 0] + 0.587 * colour[10, 20, 1] + 0.114 * colour[10, 20, 2])
    assert grey.max() <= 1
    assert sum(LUMA) == pytest.approx(1)
    assert_array_equal(load_photo("coins", grey=True), load_photo("coins"))


@pytest.mark.parametrize("name", PHOTOS)
def test_size_gives_the_square_in_the_middle(name):
    photo = load_photo(name, size=64)
    assert photo.shape == (64, 64) + SHAPES[name][2:]
    height, width = SHAPES[name][:2]
    side = min(height, width)
    middle = load_photo(name)[(height - side) // 2 :][:side, (width - side) // 2 :][:, :side]
    assert_allclose(photo.mean(axis=(0, 1)), middle.mean(axis=(0, 1)))


def test_arrays_belong_to_the_caller():
    for load in (lambda: load_photo("text"), lambda: load_photo("text", size=32), lambda: load_textures()["brick"]):
        first = load()
        kept = first.copy()
        first[:] = 9
        assert_array_equal(load(), kept)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"name": "dog"}, r"name: expected one of astronaut, camera.* got 'dog'"),
        ({"name": "text", "size": 173}, r"size: expected at most 172 .*'text', got 173"),
        ({"name": "text", "size": 0}, r"size: expected a whole number.* got 0"),
        ({"name": "text", "size": 12.5}, r"size: expected a whole number.* got 12\.5"),
        ({"name": "text", "size": [12]}, r"size: expected a whole number.* got \[12\]"),
    ],
)
def test_photo_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_photo(**arguments)


def test_shrink_averages_areas():
    image = np.arange(16.0).reshape(4, 4)
    assert_allclose(shrink(image, 2, 2), [[2.5, 4.5], [10.5, 12.5]])
    assert_allclose(shrink(image, 4, 1)[:, 0], image.mean(axis=1))
    # Three pixels into two: each new pixel covers one and a half old ones.
    assert_allclose(shrink(np.array([[0.0, 6.0, 12.0]]), 1, 2), [[2.0, 10.0]])
    assert_array_equal(shrink(image, 4, 4), image)


def test_shrink_keeps_the_mean_and_the_channels_apart():
    image = np.random.default_rng(0).random((30, 45, 3))
    small = shrink(image, 7, 11)
    assert small.shape == (7, 11, 3)
    assert_allclose(small.mean(axis=(0, 1)), image.mean(axis=(0, 1)))
    assert_allclose(small[..., 1], shrink(image[..., 1], 7, 11))


@pytest.mark.parametrize(
    "image, height, width, message",
    [
        (np.ones(4), 1, 1, r"image: expected shape .* got \(4,\)"),
        (np.ones((4, 5)), 5, 5, "height: expected .* 1 to 4, got 5"),
        (np.ones((4, 5)), 4, 0, "width: expected .* 1 to 5, got 0"),
        (np.ones((4, 5)), 1.5, 1, r"height: expected a whole number .* got 1\.5"),
    ],
)
def test_shrink_refuses(image, height, width, message):
    with pytest.raises(ValueError, match=message):
        shrink(image, height, width)


def test_textures():
    textures = load_textures()
    assert tuple(textures) == TEXTURES
    for picture in textures.values():
        assert picture.shape == (512, 512)
        assert 0 <= picture.min() < 0.3 and 0.7 < picture.max() <= 1


def test_texture_patches_are_cut_from_the_textures():
    x_train, y_train, x_test, y_test = texture_patches(seed=1)
    assert x_train.shape == (900, 32, 32, 1) and x_test.shape == (300, 32, 32, 1)
    assert x_train.dtype == np.float32
    assert_array_equal(np.bincount(y_train), [300] * 3)
    assert_array_equal(np.bincount(y_test), [100] * 3)
    assert x_train.min() >= 0 and x_train.max() <= 1
    assert len(set(y_train[:20])) == 3, "the patches are in random order"
    textures = list(load_textures().values())
    for patch, label in zip(x_test[:3, :, :, 0], y_test[:3], strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(textures[label].astype(np.float32), (32, 32))[::16, ::16]
        assert (windows == patch).all(axis=(2, 3)).sum() == 1


@pytest.mark.parametrize("size", [16, 32, 96])
@pytest.mark.parametrize("seed", range(5))
def test_train_and_test_come_from_regions_32_pixels_apart(monkeypatch, seed, size):
    places = np.arange(512 * 512, dtype=float).reshape(512, 512)  # every pixel holds its own place; exact in float32
    monkeypatch.setattr(datasets, "load_textures", lambda: {"marked": places})
    x_train, _, x_test, _ = texture_patches(size, seed)
    train, test = np.zeros((512, 512), bool), np.zeros((512, 512), bool)
    train.flat[x_train.astype(int).ravel()] = True
    test.flat[x_test.astype(int).ravel()] = True
    assert train.any() and test.any()
    reached = np.zeros_like(train)  # every pixel that lies at most 31 rows and 31 columns from a test pixel
    for y, x in np.argwhere(test & ~(np.roll(test, 1, 0) & np.roll(test, -1, 0) & np.roll(test, 1, 1) & np.roll(test, -1, 1))):
        reached[max(0, y - 31) : y + 32, max(0, x - 31) : x + 32] = True
    assert not (reached & train).any()


def test_the_seed_chooses_the_regions():
    first, again, other = texture_patches(seed=3), texture_patches(seed=3), texture_patches(seed=4)
    for a, b in zip(first, again, strict=True):
        assert_array_equal(a, b)
    assert set(first[2].sum(axis=(1, 2, 3))) != set(other[2].sum(axis=(1, 2, 3)))


@pytest.mark.parametrize("size", [7, 97, 32.0, "32"])
def test_texture_patches_refuses(size):
    with pytest.raises(ValueError, match="size: expected a whole number from 8 to 96"):
        texture_patches(size)


@pytest.fixture
def copied_folder(tmp_path, monkeypatch):
    source = datasets._skimage_folder()
    for name in (*PHOTOS, *TEXTURES):
        file = datasets._FILES[name][0]
        (tmp_path / file).write_bytes((source / file).read_bytes())
    monkeypatch.setattr(datasets, "_skimage_folder", lambda: tmp_path)
    return tmp_path


def test_a_damaged_file_is_refused_with_the_cure(copied_folder):
    path = copied_folder / "camera.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"'camera' is damaged.*camera\.png.*begin with b0793d2adda0.*--force-reinstall.*scikit-image=="
    ):
        load_photo("camera")
    assert load_photo("text").shape == (172, 448)


def test_a_missing_file_is_named_with_the_cure(copied_folder):
    (copied_folder / "gravel.png").unlink()
    with pytest.raises(
        DataError, match=r"'gravel' is missing: .*gravel\.png.*python -m pip install --force-reinstall.*scikit-image=="
    ):
        texture_patches()


def test_a_missing_package_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(datasets, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="scikit-image is missing.*pip install"):
        load_photo("cat")


def test_the_cure_installs_the_release_that_was_checked():
    assert datasets._SKIMAGE in (ROOT / "requirements.txt").read_text().split("\n")
    assert datasets._SKIMAGE.split("==")[1] == version("scikit-image")


def test_readme_lists_every_file_with_its_shape_and_checksum():
    readme = (ROOT / "datasets" / "README.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| ([\dx ]+) \|.*\| `([0-9a-f]{64})` \|$", readme, re.MULTILINE)
    assert {name: (file, checksum) for name, file, _, checksum in rows} == datasets._FILES
    for name, _, shape, _ in rows:
        image = load_textures()[name] if name in TEXTURES else load_photo(name)
        assert " x ".join(map(str, image.shape)) == shape
    assert datasets._SKIMAGE in readme


def test_import_and_loading_are_light():
    code = (
        "import sys, time, numpy; start = time.perf_counter();"
        "from helpers import datasets; took = time.perf_counter() - start;"
        "datasets.load_photo('astronaut', size=128); datasets.texture_patches();"
        "print(took, *[m for m in ('tensorflow', 'keras', 'skimage', 'scipy', 'matplotlib', 'imageio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    took, *heavy = done.stdout.split()
    assert heavy == []
    assert float(took) < 0.5  # about 0.03 s on an idle processor

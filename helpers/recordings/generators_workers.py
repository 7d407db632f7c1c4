"""One network trained by several workers: processes that each read a part of every batch and add up their gradients.

`run_workers(count)` starts them on this computer; on a cluster the same code runs on several. A worker needs about 700 MB.
Run with: python -m helpers.recordings.generators_workers
"""

import json
import os
import socket
import subprocess
import sys

from helpers.recordings.recording import record

STEPS, BATCH, RATE = 10, 64, 0.1


def run_workers(count, timeout=120):
    """Run so many workers and return what each of them saw: a list of losses of the whole batch, (STEPS,) each.

    Raises RuntimeError with the last line of a worker that failed.
    """
    addresses = [f"localhost:{port}" for port in _free_ports(count)]
    workers = []
    for place in range(count):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": place}}
        environment = os.environ | {"TF_CONFIG": json.dumps(cluster), "CUDA_VISIBLE_DEVICES": ""}
        command = [sys.executable, "-m", "helpers.recordings.generators_workers"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        workers.append(subprocess.Popen(command, env=environment, **pipes))
    losses = []
    try:
        for worker in workers:
            out, problems = worker.communicate(timeout=timeout)
            if worker.returncode:
                raise RuntimeError(f"a worker failed: {problems.strip().splitlines()[-1] if problems.strip() else out}")
            losses.append(json.loads(out.strip().splitlines()[-1]))
    finally:
        for worker in workers:
            worker.kill()
    return losses


def _free_ports(count):
    """Return so many ports of this computer that nobody listens to."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def work():
    """Train a network of one hidden layer on digits, as one worker of those that TF_CONFIG names; return the losses."""
    from helpers.keras_tools import set_seeds, tf  # here: the parent process does not need TensorFlow

    from helpers.datasets import mnist_split

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    config = json.loads(os.environ["TF_CONFIG"])
    count, place = len(config["cluster"]["worker"]), config["task"]["index"]
    set_seeds(0)
    x, y, *_ = mnist_split(0, flat=True)
    rng = tf.random.Generator.from_seed(0)
    first = [rng.normal((784, 32)) * 0.05, tf.zeros(32), rng.normal((32, 10)) * 0.2, tf.zeros(10)]
    with strategy.scope():
        weights = [tf.Variable(array) for array in first]  # mirrored: every worker has them, and they stay equal

    def step(pictures, digits):
        with tf.GradientTape() as tape:
            W, b, V, c = weights
            scores = tf.nn.relu(pictures @ W + b) @ V + c
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(digits, scores)
            loss = tf.reduce_sum(each) / BATCH  # a part of the mean over the whole batch
        context = tf.distribute.get_replica_context()
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, tape.gradient(loss, weights))
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.assign_sub(RATE * gradient)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, loss)

    run, losses = tf.function(lambda pictures, digits: strategy.run(step, (pictures, digits))), []
    for start in range(0, STEPS * BATCH, BATCH):
        shard = slice(start + place, start + BATCH, count)  # each worker reads its own part of the batch
        loss = run(tf.constant(x[shard]), tf.constant(y[shard]))
        losses.append(float(strategy.experimental_local_results(loss)[0]))
    return losses


def free_memory():
    """Return the bytes of memory that are free, 0 where the system does not tell."""
    try:
        with open("/proc/meminfo") as file:
            free = next(line for line in file if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return 0
    return int(free.split()[1]) * 1024


def measure_workers(seed):
    """Return the losses of STEPS batches: "one" (STEPS,) by one worker, "two" (2, STEPS) as each of two workers saw them."""
    return {"one": run_workers(1)[0], "two": run_workers(2)}


if __name__ == "__main__":
    if "TF_CONFIG" in os.environ:
        print(json.dumps(work()))
    else:
        record("generators_workers", measure_workers, seeds=(0,))

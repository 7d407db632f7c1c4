"""How long a move of a control takes: compute, paint and encode."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from helpers.explorers import (
    ann,
    augmentation,
    batch_normalization,
    cnn,
    convolution,
    early_stopping,
    generators,
    improving,
    lstm_gates,
    pooling,
    rnn_types,
    vanishing_gradients,
)
from tests.benchmarks.table import Row, median, milliseconds, p95

LESSONS = {
    convolution: ("window", "kernel", "coverage", "channels", "stride"),
    ann: ("neuron", "activations", "forward_pass", "backpropagation", "playground", "descent", "regression"),
    pooling: ("pooling", "shift", "gradient_routing", "strokes"),
    cnn: ("feature_maps", "architecture", "occlusion", "tuning"),
    rnn_types: ("unrolled", "shared_weight", "sentiment", "translation", "next_word", "caption", "melody"),
    lstm_gates: ("time", "cell", "gate_score", "trained_gates", "memory", "forecast", "anomaly", "names"),
    vanishing_gradients: ("gradients", "clipping", "training_depth"),
    augmentation: ("label_safety", "transforms", "gallery", "range"),
    early_stopping: ("patience", "regret", "epoch", "weights"),
    improving: ("patient", "capacity", "learning_rate", "search"),
    generators: ("chunks", "pipeline", "memory", "shuffle_buffer"),
    batch_normalization: ("normalization", "batch_mates", "shift", "robustness"),
}
# They read a whole text or series, or write a whole answer.
WHOLE = ("sentiment", "translation", "next_word", "caption", "melody", "trained_gates", "names")
WHOLE = tuple(f"explore_{idea}" for idea in WHOLE)
TRAINED = ("explore_playground", "explore_regression", "explore_patient")  # all their controls but this one train a network:
REPLAY = "epoch"
SLIDER_MOVES, BOX_MOVES = 24, 5  # at most, over the whole range
SEEDS = range(1, 25)  # 0 is where the playground opens: that network is kept, and would not be trained again
ASKED_NETWORK = {"neurons": 8, "share": 80}  # two layers of 8; of 250 points, 200 to learn from
LARGE_NETWORK = {**ASKED_NETWORK, "layers": 3, "batch": 8}


def measure():
    """Return the rows of every explorer: its moves, and a plain redraw measured right before; then those of the training."""
    rows = []
    for lesson, ideas in LESSONS.items():
        for name in (f"explore_{idea}" for idea in ideas):
            rows += moves_of(name, getattr(lesson, name))
    return rows + [clamping()] + retraining()


def moves_of(name, explore):
    """Return the rows for the moves of one explorer."""
    plain, explorer = median(redraws()), explore()
    quick = [control for control in explorer.controls if name not in TRAINED or control == REPLAY]
    # A first move reads a photo or fills a cache, as it does for a learner: it counts.
    times = [milliseconds(move) for control in quick for move in moves(explorer, control)]
    middle = median(times)
    which = f"{name}, {len(times)} moves" if name not in TRAINED else f"{name}, {len(times)} moves of {REPLAY}"
    rows = [
        row(which, times, *((60, 60) if name in WHOLE else (20, 30))),
        Row("  yardstick: redraw of three imshow panels", "", f"{plain:.0f} ms = {plain / middle:.1f} x", None),
    ]
    others = [control for control in explorer.controls if control not in quick]
    trained = [milliseconds(move) for control in others for move in moves(explorer, control, again=False)]
    return rows + ([Row(f"  {len(trained)} moves that train a network", "", as_text(trained), None)] if trained else [])


def row(which, times, middle, high):
    """Return the row of an explorer, whose moves may take so many milliseconds: the middle one, and 95 of 100."""
    asked = f"median <= {middle} ms, p95 <= {high} ms"
    return Row(which, asked, as_text(times), median(times) <= middle and p95(times) <= high)


def as_text(times):
    return f"median {median(times):.1f} ms, p95 {p95(times):.1f} ms, longest {max(times):.0f} ms"


def clamping():
    """Return the row for moves of the hand that holds gates of all 32 units, in a series of 200 steps."""
    explorer = lstm_gates.explore_trained_gates()
    units = explorer.controls["units"].samples
    explorer.set(network="sunspots, month by month", gate="forget gate", units=units[1])
    settings = [{"value": value / 20} for value in range(20)] + [{"since": since} for since in range(1, 200, 10)]
    settings += [{"units": each} for each in units[1:] * 5] + [
        {"gate": f"{gate} gate"} for gate in ("input", "output", "forget")
    ]
    times = [milliseconds(lambda each=each: explorer.set(**each)) for each in settings]
    return row(f"explore_trained_gates: gates held, 200 steps x {len(units[1])} units, {len(times)} moves", times, 60, 60)


def retraining():
    """Return the rows for the playground with the network of which a time is asked, and with a larger one."""
    explorer = ann.explore_playground()
    whole, alone = trainings(explorer, ASKED_NETWORK, SEEDS)
    updates = explorer.numbers["updates"]
    each = 1000 * median(alone) / updates
    large, large_alone = trainings(explorer, LARGE_NETWORK, SEEDS[:6])
    return [
        Row(
            f"explore_playground: retrain, {in_words(explorer.reset().set(**ASKED_NETWORK))}",
            "median <= 100 ms",
            f"{as_text(whole)} ({len(whole)} seeds)",
            median(whole) <= 100,
        ),
        Row("  the training alone", "", f"{as_text(alone)}: {updates:,} updates, {each:.0f} \N{MICRO SIGN}s each", None),
        Row(
            f"  {in_words(explorer.set(**LARGE_NETWORK))}",
            "",
            f"{as_text(large)}; training alone {median(large_alone):.0f} ms",
            None,
        ),
    ]


def trainings(explorer, settings, seeds):
    """Return the milliseconds of `set` and of the training alone, taking turns, for networks that start from these seeds."""
    explorer.reset().set(**settings)
    whole, alone = [], []
    for seed in seeds:
        whole.append(milliseconds(lambda seed=seed: explorer.set(seed=seed)))
        needed = {name: value for name, value in explorer.values.items() if name != REPLAY}
        alone.append(milliseconds(lambda needed=needed: explorer.train(**needed)))
    return whole, alone


def in_words(explorer):
    """Return the epochs, points and settings of the playground as it is, in a few words."""
    now, numbers = explorer.values, explorer.numbers
    layers = ", ".join([str(now["neurons"])] * now["layers"])
    points = len(numbers["x_train"])
    return f"{now[REPLAY]} epochs x {points} points x ({layers}) {now['activation']}, Adam, batches of {now['batch']}"


def moves(explorer, name, again=True):
    """Yield calls that move one control over its range, from a state in which it has an effect.

    Without `again` not to the value that it has in that state, for which a network is kept.
    """
    make_relevant(explorer, name)
    start = explorer.controls[name].value
    for value in values_of(explorer.controls[name]):
        if again or value != start:
            yield lambda value=value: explorer.set(**{name: value})


def make_relevant(explorer, name):
    """Reset; if the control is then greyed out, choose the first option of another one that wakes it."""
    explorer.reset()
    for other, control in explorer.controls.items():
        for option in getattr(control, "options", ()):
            if not explorer.controls[name].disabled:
                return
            explorer.set(**{other: option})


def values_of(control):
    """Return the values of a control in order: every option, a box's sample texts, and of a long range some evenly apart."""
    if hasattr(control, "samples"):
        return list(control.samples)
    if hasattr(control, "options"):
        return list(control.options)
    if isinstance(control.value, bool):
        return [not control.value, control.value]
    steps = round((control.max - control.min) / control.step)
    most = SLIDER_MOVES if hasattr(control, "readout_format") else BOX_MOVES
    places = np.unique(np.linspace(0, steps, min(steps + 1, most)).round()) * control.step + control.min
    whole = isinstance(control.value, int)
    return [int(place) if whole else round(float(place), 6) for place in places]


def redraws(times=10):
    """Return the milliseconds of full redraws of a plain figure with three pictures."""
    figure = Figure(figsize=(9.6, 4))
    canvas, rng = FigureCanvasAgg(figure), np.random.default_rng(0)
    images = [axes.imshow(rng.random((10, 10))) for axes in figure.subplots(1, 3)]

    def redraw():
        for image in images:
            image.set_data(rng.random((10, 10)))
        canvas.draw()

    return [milliseconds(redraw) for _ in range(times)]

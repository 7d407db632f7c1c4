"""Every explorer, swept: each control at its ends and at every option, and random combinations of all."""

import importlib
import pkgutil
import subprocess
import sys
from functools import cache

import ipywidgets as widgets
import numpy as np
import pytest

import helpers.explorers
from helpers.explorers.explorer import Explorer, Impossible

ENGINE = {"explorer", "controls", "play", "signs"}
MODULES = {module.name for module in pkgutil.iter_modules(helpers.explorers.__path__)} - ENGINE
# ann_neuron.py is a part of ann.py, which names all explorers of its lesson.
TOPICS = sorted(name for name in MODULES if not any(name.startswith(f"{other}_") for other in MODULES))
FACTORIES = [
    (topic, name)
    for topic in TOPICS
    for name in vars(importlib.import_module(f"helpers.explorers.{topic}"))
    if name.startswith("explore_")
]


@cache
def opened(topic, name):
    """Open an explorer once for all tests; each of them begins with a reset."""
    return getattr(importlib.import_module(f"helpers.explorers.{topic}"), name)()


@pytest.fixture(params=FACTORIES, ids=lambda pair: pair[1])
def explorer(request):
    return opened(*request.param).reset()


def choices(control):
    """Return the values of a control that the sweep visits: its ends, or every option, or its samples."""
    if hasattr(control, "options"):
        return list(control.options)
    if hasattr(control, "samples"):
        return list(control.samples)
    return [False, True] if isinstance(control, widgets.Checkbox) else [control.min, control.max]


def random_value(control, rng):
    if not hasattr(control, "min"):
        return choices(control)[rng.integers(len(choices(control)))]
    steps = int(round((control.max - control.min) / control.step))
    value = control.min + control.step * rng.integers(steps + 1)
    return int(value) if isinstance(control.value, int) else float(round(value, 6))


def look(explorer):
    """Check the explorer as it stands, and return what a learner has before the eyes."""
    assert explorer.problem is None or isinstance(explorer.problem, Impossible), repr(explorer.problem)
    assert explorer.png.startswith(b"\x89PNG")
    assert explorer.description.strip()
    assert "nan" not in explorer.description.split() and "inf" not in explorer.description.split()
    for name, number in explorer.numbers.items():
        if np.asarray(number).dtype.kind in "fiu":
            assert np.isfinite(number).all(), name
    return explorer.png, explorer.description


def fingerprint(explorer):
    """Return bytes that are the same only for the same numbers."""
    arrays = [(name, np.asarray(number)) for name, number in explorer.numbers.items()]
    return b"".join(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes() for name, array in arrays)


def test_every_lesson_with_explorers_is_swept():
    expected = {
        "augmentation": "gallery label_safety range transforms",
        "ann": "activations backpropagation descent forward_pass neuron playground regression",
        "batch_normalization": "batch_mates normalization robustness shift",
        "cnn": "architecture feature_maps occlusion tuning",
        "convolution": "channels kernel window coverage stride",
        "early_stopping": "epoch patience regret weights",
        "generators": "chunks memory pipeline shuffle_buffer",
        "improving": "capacity learning_rate patient search",
        "lstm_gates": "anomaly cell forecast gate_score memory names time trained_gates",
        "pooling": "gradient_routing pooling shift strokes",
        "vanishing_gradients": "clipping gradients training_depth",
        "rnn_types": "caption melody next_word sentiment shared_weight translation unrolled",
    }
    found = {topic: {name for each, name in FACTORIES if each == topic} for topic in TOPICS}
    assert found == {topic: {f"explore_{name}" for name in names.split()} for topic, names in expected.items()}


def shape(control):
    return [getattr(control, trait, None) for trait in ("min", "max", "step", "options", "description", "tooltip")]


def test_each_control_at_its_ends_and_at_every_option(explorer):
    seen = {(explorer.png, explorer.description)}
    shapes = {name: shape(control) for name, control in explorer.controls.items()}
    for name, control in explorer.controls.items():
        for value in choices(control):
            explorer.reset().set(**{name: value})
            seen.add(look(explorer))
    assert len(seen) > len(explorer.controls) / 2
    assert {name: shape(control) for name, control in explorer.controls.items()} == shapes, "a range has changed"


def test_fifty_random_combinations_change_picture_and_sentence_with_the_numbers(explorer):
    rng = np.random.default_rng(7)
    pictures = {}
    for _ in range(50):
        explorer.set(**{name: random_value(control, rng) for name, control in explorer.controls.items()})
        picture, sentence = look(explorer)
        pictures.setdefault(fingerprint(explorer) if explorer.problem is None else sentence, set()).add((picture, sentence))
    assert all(len(shown) == 1 for shown in pictures.values()), "the same numbers gave two pictures"
    shown = [next(iter(shown)) for shown in pictures.values()]
    possible = [pair for pair, key in zip(shown, pictures, strict=True) if pair[1] != key]
    assert len({picture for picture, _ in possible}) == len(possible), "different numbers gave the same picture"
    assert len({sentence for _, sentence in possible}) > 0.5 * len(possible)


def test_every_control_has_an_effect_somewhere(explorer):
    """A control that never moves the picture or the sentence is not a control."""
    rng = np.random.default_rng(3)
    for name, control in explorer.controls.items():
        for _ in range(100):
            values = {other: random_value(each, rng) for other, each in explorer.controls.items()}
            if name not in explorer.relevant(**values):
                continue
            explorer.set(**values)
            pictures = {(explorer.set(**{name: value}).png, explorer.description) for value in choices(control)}
            if len(pictures) > 1:
                break
        else:
            pytest.fail(f"{name} changed nothing")


def test_greyed_out_controls_have_no_effect_now(explorer):
    rng = np.random.default_rng(5)
    for _ in range(12):
        explorer.set(**{name: random_value(control, rng) for name, control in explorer.controls.items()})
        before = (explorer.png, explorer.description)
        greyed_out = {name: control for name, control in explorer.controls.items() if control.disabled}
        explorer.set(**{name: random_value(control, rng) for name, control in greyed_out.items()})
        assert (explorer.png, explorer.description) == before, list(greyed_out)


def test_reset_gives_the_first_picture_byte_for_byte(explorer):
    first, sentence, values = explorer.png, explorer.description, explorer.values
    for name, control in explorer.controls.items():
        explorer.set(**{name: choices(control)[-1]})
    assert explorer.reset() is explorer
    assert (explorer.png, explorer.description, explorer.values) == (first, sentence, values)


def test_same_controls_same_picture_in_a_fresh_explorer(explorer):
    topic, name = next(pair for pair in FACTORIES if opened(*pair) is explorer)
    fresh = getattr(importlib.import_module(f"helpers.explorers.{topic}"), name)()
    rng = np.random.default_rng(11)
    values = {each: random_value(control, rng) for each, control in fresh.controls.items()}
    assert fresh.set(**values).png == explorer.set(**values).png


def test_a_move_by_hand_does_the_same_as_set(explorer):
    for name, control in explorer.controls.items():
        value = choices(control)[-1]
        expected = explorer.reset().set(**{name: value}).png
        explorer.reset()
        control.value = value
        assert explorer.png == expected, name


def test_every_control_is_labelled(explorer):
    for name, control in explorer.controls.items():
        assert control.tooltip, name
        assert control.description or name.startswith("own_"), name  # nine boxes of one kernel share a title


def test_the_display_is_one_bundle_of_widgets_picture_and_sentence(explorer):
    bundle = explorer._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert explorer.description in bundle["text/plain"] and explorer.title in bundle["text/plain"]
    assert "<" not in bundle["text/plain"].replace("<=", "")


def test_set_moves_all_or_nothing(explorer):
    before = explorer.values
    # Another valid value for one control, and a wrong one for another: neither may move.
    numeric = [(name, control) for name, control in explorer.controls.items() if hasattr(control, "max")]
    chosen = [(name, control) for name, control in explorer.controls.items() if hasattr(control, "options")]
    for name, control in numeric[:1]:
        with pytest.raises(ValueError, match=f"{name}: expected a number from"):
            explorer.set(**{name: control.max + 1})
    name, control = [*numeric, *chosen][0]
    other = control.max if numeric else control.options[-1]
    with pytest.raises(ValueError, match="colour: expected one of .*, got a control that is not there"):
        explorer.set(**{name: other, "colour": 1})
    for option, _ in chosen[:1]:
        moved = {} if option == name else {name: other}
        with pytest.raises(ValueError, match=f"{option}: expected one of"):
            explorer.set(**moved, **{option: "no such thing"})
    assert explorer.values == before


def test_opening_needs_no_tensorflow():
    code = (
        "import sys, helpers.explorers.convolution as c; c.explore_window(); c.explore_kernel();"
        "print([m for m in ('tensorflow', 'keras', 'scipy', 'skimage', 'matplotlib.pyplot') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


class Broken(Explorer):
    title, size = "A made explorer", (200, 100)

    def make_controls(self):
        return {"n": widgets.IntSlider(1, 0, 3, description="n", tooltip="n")}

    def stage(self, figure):
        self.dot = figure.text(0.5, 0.5, "")
        return [self.dot]

    def compute(self, n):
        if n == 2:
            raise Impossible("Two is not possible.")
        if n == 3:
            raise KeyError("a fault of ours")
        return {"n": n}

    def paint(self, numbers):
        self.dot.set_text(str(numbers["n"]))

    def describe(self, numbers):
        return f"`n` is {numbers['n']} <b>"


def test_an_impossible_combination_is_a_sentence_and_the_next_move_recovers():
    explorer = Broken()
    first = explorer.png
    explorer.controls["n"].value = 2
    assert explorer.description == "Two is not possible." and explorer.numbers == {} and explorer.png != first
    assert explorer.reset().png == first and explorer.problem is None


def test_a_fault_of_ours_is_not_hidden():
    with pytest.raises(KeyError):
        Broken().set(n=3)


def test_the_sentence_is_escaped_in_the_page_and_plain_in_the_description():
    explorer = Broken()
    assert explorer.description == "n is 1 <b>"
    assert "<code>n</code> is 1 &lt;b&gt;" in explorer._readout.value

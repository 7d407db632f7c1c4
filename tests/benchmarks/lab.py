"""From a key on a slider to new pixels, in a real JupyterLab in Chromium.

Every slider of the explorers below is measured beside two sliders of the same page: the floor, which swaps a picture of 20 x 20
pixels and so has nothing to compute, and `interact`, which draws a new figure of three panels. They take turns, so that other
work of the computer falls on all of them. Two presses forth, two back: so each is measured from the start of its explorer.
"""

import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from tests.benchmarks.table import Row, median, p95
from tests.browser.server import FLAGS, IDLE, RUN_ALL, SHOW, find_chromium, jupyterlab

TOKEN = "benchmarks"
ROUNDS, PRESSES = 3, 8  # presses in multiples of 4
ASKED = "p95 <= floor x 2.5, median <= interact / 3"

FLOOR = """
import ipywidgets, numpy
from helpers.plots.png import to_png
image = ipywidgets.Image()
def show(change=None):
    image.value = to_png(numpy.full((20, 20, 3), 3 * slider.value, numpy.uint8))
slider = ipywidgets.IntSlider(30, 0, 60, description="floor")
slider.observe(show, "value")
show()
ipywidgets.VBox([slider, image])
"""
INTERACT = """
import ipywidgets, numpy
from matplotlib import pyplot
rng = numpy.random.default_rng(0)
def show(k):
    figure, panels = pyplot.subplots(1, 3, figsize=(9.6, 4))
    for axes in panels:
        axes.imshow(rng.random((10, 10)), cmap="RdBu_r")
    pyplot.show()
ipywidgets.interact(show, k=ipywidgets.IntSlider(30, 0, 60, description="interact"));
"""
EXPLORERS = {  # name -> lesson
    **dict.fromkeys(
        ("explore_window", "explore_kernel", "explore_coverage", "explore_channels", "explore_stride"), "convolution"
    ),
    **dict.fromkeys(("explore_neuron", "explore_playground"), "ann"),
    **dict.fromkeys(("explore_shift", "explore_gradient_routing"), "pooling"),
    **dict.fromkeys(("explore_feature_maps", "explore_occlusion"), "cnn"),
    **dict.fromkeys(("explore_unrolled", "explore_shared_weight", "explore_translation"), "rnn_types"),
    **dict.fromkeys(("explore_cell", "explore_time", "explore_trained_gates", "explore_gate_score"), "lstm_gates"),
    **dict.fromkeys(("explore_gradients", "explore_clipping"), "vanishing_gradients"),
    **dict.fromkeys(("explore_normalization", "explore_batch_mates"), "batch_normalization"),
    **dict.fromkeys(("explore_patience", "explore_weights"), "early_stopping"),
    **dict.fromkeys(("explore_pipeline", "explore_chunks"), "generators"),
    **dict.fromkeys(("explore_patient", "explore_capacity"), "improving"),
    **dict.fromkeys(("explore_label_safety", "explore_transforms"), "augmentation"),
}
ONLY = {"explore_playground": ["Epoch"], "explore_patient": ["Epoch"]}  # its other sliders train a network: `set` measures that
SET = {"explore_kernel": '.set(kernel="Gabor")'}  # a kernel on which every slider has an effect
CELLS = {"floor": FLOOR, "interact": INTERACT} | {
    name: f"from helpers.explorers.{lesson} import {name}\n{name}(){SET.get(name, '')}" for name, lesson in EXPLORERS.items()
}

OPEN = "() => window.jupyterapp?.shell.currentWidget?.context?.isReady"
SLIDERS = """cell => [...cell.querySelectorAll('.widget-slider')].filter(slider => !slider.querySelector('[disabled]'))
    .map(slider => slider.querySelector('.widget-label').innerText)"""
# Press the arrow keys on a slider to and fro; return the milliseconds from each key to the frame after the new picture.
PRESS = """async ([cell, label, presses]) => {
    const named = slider => slider.querySelector('.widget-label').innerText === label;
    const handle = [...cell.querySelectorAll('.widget-slider')].find(named).querySelector('.noUi-handle');
    const pictures = () => [...cell.querySelectorAll('img')].map(image => image.src).join();
    const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const pause = () => new Promise(done => setTimeout(done, 120));
    const newPicture = before => new Promise(done => {
        const watch = new MutationObserver(() => pictures() && pictures() !== before && finish(true));
        const clock = setTimeout(() => finish(false), 3000);
        const finish = found => { watch.disconnect(); clearTimeout(clock); done(found); };
        watch.observe(cell, {subtree: true, childList: true, attributes: true, attributeFilter: ['src']});
    });
    const times = [];
    const atEnd = handle.getAttribute('aria-valuenow') === handle.getAttribute('aria-valuemax');
    const keys = atEnd ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft'];
    handle.focus();
    for (let press = 0; press < presses; press++) {
        const key = keys[press % 4 < 2 ? 0 : 1];
        const changed = newPicture(pictures());
        const start = performance.now();
        handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
        if (await changed) {
            await Promise.all([...cell.querySelectorAll('img')].map(image => image.decode().catch(() => null)));
            await frame();
            times.push(performance.now() - start);
        }
        await pause();
    }
    return times;
}"""


def measure():
    """Return a row for every slider, after those for the floor and for `interact`."""
    chromium = find_chromium()
    if chromium is None:
        return [Row("slider to pixels in JupyterLab", ASKED, "skipped: no Chromium found", None)]
    with tempfile.TemporaryDirectory() as folder, sliders(Path(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(120_000)
        page.goto(f"{address}/lab?token={TOKEN}")
        times = press_all(page, address)
        browser.close()
    return rows_of(times)


def press_all(page, address):
    """Return (cell, label of the slider) -> milliseconds of every press that changed the picture."""
    page.goto(f"{address}/lab/tree/sliders.ipynb?reset", wait_until="domcontentloaded")
    page.wait_for_function(OPEN)
    page.wait_for_function(IDLE)
    page.evaluate(RUN_ALL)
    times, places = {}, {name: place for place, name in enumerate(CELLS)}
    order = [name for explorer in EXPLORERS for name in ("floor", explorer)] + ["interact"]
    for measured_round in range(ROUNDS + 1):
        for name in order:
            cell = page.evaluate_handle(SHOW, places[name]).as_element()
            cell.wait_for_selector(".noUi-handle")
            cell.wait_for_selector("img")
            for label in ONLY.get(name) or page.evaluate(SLIDERS, cell):
                pressed = page.evaluate(PRESS, [cell, label, PRESSES if measured_round else 4])
                # The round before the first fills caches, of the browser and of the explorers.
                times.setdefault((name, label), []).extend(pressed if measured_round else [])
    return times


def rows_of(times):
    """Return the table's rows for the times of press_all."""
    floor, interact = times.pop(("floor", "floor")), times.pop(("interact", "interact"))
    limit, middle = 2.5 * p95(floor), median(interact) / 3
    rows = [
        Row("slider to pixels: floor, a 20 x 20 picture", "", f"median {median(floor):.0f} ms, p95 {p95(floor):.0f} ms", None),
        Row(
            "slider to pixels: interact, a new figure",
            "",
            f"median {median(interact):.0f} ms, p95 {p95(interact):.0f} ms",
            None,
        ),
    ]
    for (name, label), found in times.items():
        if len(found) < ROUNDS * PRESSES / 2:
            text, met = f"only {len(found)} of {ROUNDS * PRESSES} presses changed the picture", False
        else:
            times_floor, faster = p95(found) / p95(floor), median(interact) / median(found)
            text = (
                f"p95 {p95(found):.0f} ms = floor x {times_floor:.1f}, median {median(found):.0f} ms = interact / {faster:.1f}"
            )
            met = p95(found) <= limit and median(found) <= middle
        rows.append(Row(f"slider to pixels: {name}, {label}", ASKED, text, met))
    return rows


def sliders(folder):
    """Return a JupyterLab, to be entered, over a notebook with all sliders."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code.strip()) for code in CELLS.values()])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    (folder / "root").mkdir()
    nbformat.write(notebook, folder / "root" / "sliders.ipynb")
    return jupyterlab(folder, folder / "root", TOKEN)

"""In JupyterLab, in Chromium: what Play, Reset, Epoch and "Seed + 1" of the playground do to its picture and its sentence."""

import pytest

from tests.browser.server import IDLE
from tests.browser.test_lab import run_cells

pytestmark = pytest.mark.browser

NAME = "playground.ipynb"
CODE = "from helpers.explorers.ann import explore_playground\nexplore_playground()"
QUIET = 1000  # milliseconds without a change: more than ten steps of Play

# What the page shows now. The bytes of the picture, not its address: the same picture may come twice.
LOOK = """async output => {
    const digest = bytes => crypto.subtle.digest('SHA-256', bytes).then(numbers => new Uint8Array(numbers).join(' '));
    // While it plays, the address may be gone before it is read.
    const bytes = await fetch(output.querySelector('img').src).then(answer => answer.arrayBuffer()).catch(() => null);
    const sliders = [...output.querySelectorAll('.widget-slider')].map(slider => [
        slider.querySelector('.widget-label').innerText, +slider.querySelector('.noUi-handle').getAttribute('aria-valuenow')]);
    return {
        picture: bytes && await digest(bytes),
        sentence: output.querySelector('[role=status]').innerText,
        playing: output.querySelector('.widget-play .fa-pause') !== null,
        ...Object.fromEntries(sliders),
    };
}"""
# Write down, from now on, where Epoch stands, the number of epochs in the sentence, and when anything changed last.
RECORD = """output => {
    const epoch = [...output.querySelectorAll('.widget-slider')]
        .find(slider => slider.querySelector('.widget-label').innerText === 'Epoch').querySelector('.noUi-handle');
    const seen = window.seen = {slider: [], sentence: [], last: performance.now()};
    const add = (list, value) => list.at(-1) === value || list.push(value);
    const look = () => {
        seen.last = performance.now();
        add(seen.slider, +epoch.getAttribute('aria-valuenow'));
        add(seen.sentence, +output.querySelector('[role=status]').innerText.match(/After (\\d+) epochs/)[1]);
    };
    look();
    window.watch?.disconnect();
    window.watch = new MutationObserver(look);
    window.watch.observe(output, {subtree: true, childList: true, attributes: true, characterData: true});
}"""
# Playwright's own wait_for_function would take the promise of an answer for a yes.
WAIT = """async (output, then) => {
    const end = performance.now() + 30000;
    while (true) {
        const now = await (%(look)s)(output);
        const met = now.picture !== null && (%(question)s)(now, then);
        if (met || performance.now() > end) return [met, now];
        await new Promise(done => setTimeout(done, 50));
    }
}"""
SOME_STEPS = "() => seen.sentence.length > 4"
AS = "(now, then) => Object.keys(then).every(name => now[name] === then[name])"
AS_AND_QUIET = f"(now, then) => ({AS})(now, then) && performance.now() - seen.last > {QUIET}"
OTHER_PICTURE = "(now, then) => now.picture !== then.picture"
OTHER_LOOK = "(now, then) => now.picture !== then.picture && now.sentence !== then.sentence"
AT_199 = f"(now, then) => ({OTHER_LOOK})(now, then) && now.Epoch === 199 && now.sentence.startsWith('After 199 epochs')"
NEXT_SEED = f"(now, then) => ({OTHER_LOOK})(now, then) && now.Seed === then.Seed + 1"


class Playground:
    """The explorer in the page: its parts, and what it shows."""

    def __init__(self, page):
        self.page = page
        self.output = page.locator(".jp-OutputArea-output", has=page.locator(".widget-play"))
        self.play = self.output.locator(".widget-play button").first
        self.reset = self.output.get_by_role("button", name="Reset")
        self.next_seed = self.output.get_by_role("button", name="Seed + 1")
        self.epoch = self.output.locator(".widget-slider", has_text="Epoch").locator(".noUi-handle")

    def look(self):
        return self.output.evaluate(LOOK)

    def wait_for(self, question, then):
        """Wait until a function of what the page shows now, and of an earlier look, answers with true; return the look."""
        met, now = self.output.evaluate(WAIT % {"look": LOOK, "question": question}, then)
        assert met, f"waited for {question}\nthen: {then}\nnow: {now}"
        return now

    def press_play(self):
        """Start Play and wait for its first steps; return what was seen at Epoch and in the sentence."""
        self.output.evaluate(RECORD)
        self.play.click()
        self.page.wait_for_function(SOME_STEPS)
        return self.page.evaluate("seen")


@pytest.fixture(scope="module")
def opened(new_page, lab):
    """The playground in a notebook of its own, and what it shows at first."""
    page = new_page()
    run_cells(page, lab, NAME, [CODE])
    playground = Playground(page)
    for part in ("[role=status]", "img", ".noUi-handle >> nth=-1"):
        playground.output.locator(part).first.wait_for()
    return playground, playground.look()


@pytest.fixture
def playground(opened):
    """The playground as it opens, and what it then shows."""
    playground, first = opened
    playground.reset.click()
    playground.wait_for(AS, first)
    playground.page.wait_for_function(IDLE)
    return playground, first


def test_opens_on_the_trained_network(opened):
    _, first = opened
    assert (first["Epoch"], first["playing"]) == (200, False)
    assert first["sentence"].startswith("After 200 epochs")


def test_play_starts_from_the_first_weights_and_moves_epoch_picture_and_sentence(playground):
    playground, first = playground
    seen = playground.press_play()
    then = playground.wait_for(OTHER_PICTURE, first)
    playground.wait_for(OTHER_PICTURE, then)
    playground.play.click()
    for epochs in (seen["slider"], seen["sentence"]):
        assert epochs[:2] == [200, 0]
        assert epochs[1:] == sorted(epochs[1:])


def test_reset_stops_play_and_returns_to_the_trained_network(playground):
    playground, first = playground
    playground.press_play()
    playground.reset.click()
    playground.wait_for(AS_AND_QUIET, first)
    # Reset brought Play back as well: it starts from the first weights again.
    assert playground.press_play()["slider"][:2] == [200, 0]
    playground.play.click()


def test_an_arrow_key_on_epoch_goes_one_epoch_back_and_play_goes_on_from_there(playground):
    playground, first = playground
    playground.epoch.press("ArrowLeft")
    playground.wait_for(AT_199, first)
    playground.output.evaluate(RECORD)
    playground.play.click()
    playground.wait_for(AS, first)
    assert playground.page.evaluate("seen.slider") == [199, 200]


def test_seed_plus_one_trains_another_network(playground):
    playground, first = playground
    playground.next_seed.click()
    playground.wait_for(NEXT_SEED, first)

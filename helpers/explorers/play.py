"""A Play button that walks a slider by itself."""

import ipywidgets as widgets

from helpers.explorers.explorer import Explorer


class WithPlay(Explorer):
    """An explorer with a Play button. A topic puts `play_button(name, ...)` among the widgets that `arrange` returns."""

    def play_button(self, name, interval, tooltip):
        """Return the button that moves the slider of this name one step every `interval` milliseconds."""
        self._walked = self.controls[name]
        least, most = self._walked.min, self._walked.max
        self._play = widgets.Play(most, min=least, max=most, interval=interval, tooltip=tooltip, show_repeat=False)
        self._play.layout = widgets.Layout(margin="2px 20px 2px 10px")
        # Not with jslink: the browser would send the value itself, and one sent while Reset is on its way would undo it.
        self._play.observe(self._tick, "value")
        self._walked.observe(lambda change: setattr(self._play, "value", change["new"]), "value")
        self._was_reset = False
        return self._play

    def reset(self):
        with self._lock:
            self._was_reset, self._play.playing = True, False
            return super().reset()

    def _tick(self, change):
        """Follow Play; but a tick that the browser sent before it knew of a Reset is taken back."""
        with self._lock:
            self._was_reset = self._was_reset and not self._play.playing
            if self._was_reset:
                self._play.value = self._walked.value
            else:
                self._walked.value = self._play.value

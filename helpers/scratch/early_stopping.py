"""Early stopping: end the training when a figure has not improved for some epochs.

Prechelt 1998, "Early stopping, but when?", compares this kind of rule with others.
"""

import numpy as np

from helpers.scratch.checks import number, whole
from helpers.scratch.sequential import Callback


class EarlyStopping(Callback):
    """For `Sequential.fit(..., callbacks=[EarlyStopping()])`, with the meaning of keras.callbacks.EarlyStopping.

    monitor: the figure to watch, "val_loss" or another one of the epoch's figures. mode: "min" if it should fall, "max" if it
    should rise; "auto" takes "max" for an accuracy and "min" for a loss. min_delta: an epoch has improved if it is better than
    the best one by MORE than this. patience: after so many epochs in a row that have not improved, training ends; 0 and 1 do
    the same, apart from epoch 0, which never ends it. start_from_epoch: earlier epochs are not looked at. baseline: improving
    on the best epoch is not enough, the figure has to be better than this, too. restore_best_weights: at the end, give the
    model back the weights of the best epoch; without it the model keeps the last ones.

    After training: `best` (figure), `best_epoch` and `stopped_epoch`, counted from 0; `stopped_epoch` is None if it did not
    end the training. Raises ValueError for a figure that the epochs do not have.
    """

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0.0,
        patience=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
    ):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'mode: expected "auto", "min" or "max", got {mode!r}')
        self.monitor, self.mode, self.restore_best_weights = monitor, mode, restore_best_weights
        self.patience, self.start_from_epoch = whole("patience", patience), whole("start_from_epoch", start_from_epoch)
        self.min_delta = number("min_delta", min_delta, "a number of at least 0", lambda value: value >= 0)
        self.baseline = None if baseline is None else number("baseline", baseline, "a number, or None", lambda value: True)

    def on_train_begin(self):
        self.best = self.best_epoch = self.best_weights = self.stopped_epoch = None
        self.wait = 0  # epochs since the last improvement

    def on_epoch_end(self, epoch, logs):
        if epoch < self.start_from_epoch:
            return
        current = self._figure(logs)
        self.wait += 1
        if self.best is None or self.is_better(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.is_better(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self):
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)

    def is_better(self, current, reference):
        """Return whether one figure is better than another by more than min_delta. Nothing is better than NaN, as in Keras."""
        rising = self.mode == "max" or (self.mode == "auto" and self.monitor.endswith("accuracy"))
        # In float32, as in Keras: so differences in the eighth digit do not count.
        if rising:
            return bool(np.float32(current - self.min_delta) > np.float32(reference))
        return bool(np.float32(current + self.min_delta) < np.float32(reference))

    def _figure(self, logs):
        if self.monitor not in logs:
            raise ValueError(f"monitor: expected one of {', '.join(logs)}, got {self.monitor!r}")
        return logs[self.monitor]

"""Exercises and predictions of the lesson on epochs and early stopping."""

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake, names_of
from helpers.exercises.prediction import Prediction, errors_by_chance, listed, percent
from helpers.scratch.dense import Dense
from helpers.scratch.optimizers import SGD
from helpers.scratch.sequential import Sequential

# Exercise 1.


def count_updates(examples, batch_size, epochs, drop_last):
    """Return how many updates a training makes: one after each batch. A whole number; 9.0 counts as 9.

    The last batch of an epoch may be smaller; with drop_last=True it is left out then.
    """
    full, rest = divmod(examples, batch_size)
    batches = full if drop_last or rest == 0 else full + 1
    return batches * epochs


def _up(number, divisor):
    return -(-number // divisor)


def _batches(n, size, drop):
    return n // size if drop else _up(n, size)


count_updates = Exercise(
    count_updates,
    cases=[
        (3, 2, 1, False),
        (3, 2, 1, True),
        (4, 2, 3, False),
        (4, 2, 3, True),
        (5, 2, 3, False),
        (5, 2, 3, True),
        (2, 6, 3, False),
        (2, 6, 3, True),
        (7, 1, 2, True),
        (11, 4, 5, False),
        (13, 4, 6, True),
        (1000, 32, 10, False),
    ],
    mistakes=[
        Mistake(
            lambda n, size, epochs, drop: n // size * epochs,
            "You always leave out the smaller last batch. Only drop_last=True does that: otherwise it makes an update, too.",
        ),
        Mistake(
            lambda n, size, epochs, drop: _up(n, size) * epochs,
            "You always count the smaller last batch. With drop_last=True it is left out, and makes no update.",
        ),
        Mistake(
            lambda n, size, epochs, drop: _batches(n, size, not drop) * epochs,
            "drop_last is the wrong way round: with True the smaller last batch is left out, with False it counts.",
        ),
        Mistake(
            lambda n, size, epochs, drop: _batches(n, size, drop),
            "You counted the updates of one epoch. Each epoch makes as many again.",
        ),
        Mistake(
            lambda n, size, epochs, drop: n * size * epochs,
            "You multiplied the examples by batch_size. A larger batch makes fewer updates: divide.",
        ),
        Mistake(
            lambda n, size, epochs, drop: _batches(n * epochs, size, drop),
            "You rounded once, over all epochs. A batch never goes on into the next epoch: round in each epoch, then multiply.",
        ),
        Mistake(
            lambda n, size, epochs, drop: n * epochs // size,
            "Your division drops the part of a batch that is left; without drop_last it makes an update, too. And you divide "
            "once, for all epochs: a batch never goes on into the next epoch.",
        ),
        Mistake(
            lambda n, size, epochs, drop: round(n * epochs / size),
            "Your division rounds the part of a batch that is left; without drop_last it makes an update, too, however small, "
            "and with it none. And you round once, for all epochs: a batch never goes on into the next epoch.",
        ),
        Mistake(
            lambda n, size, epochs, drop: _up(n * epochs, size),
            "You rounded up once, over all epochs. Round in each epoch, then multiply: up, but down with drop_last=True.",
        ),
        Mistake(
            lambda n, size, epochs, drop: n * epochs,
            "You counted how often an example is shown. An update comes once for each batch, not for each example.",
        ),
        Mistake(
            lambda n, size, epochs, drop: n,
            "You counted the examples of one epoch. An update comes once for each batch.",
        ),
        Mistake(
            lambda n, size, epochs, drop: n / size * epochs,
            "You did not round. A batch begun with fewer examples is a whole update, or with drop_last=True none.",
        ),
        Mistake(
            lambda n, size, epochs, drop: (n // size + (not drop)) * epochs,
            "You always add one batch for the rest. Where batch_size divides the examples, there is no rest.",
        ),
        Mistake(
            lambda n, size, epochs, drop: (_up(n, size) - drop) * epochs,
            "With drop_last=True you always take one batch off. Where the last batch is full, it stays.",
        ),
        Mistake(
            lambda n, size, epochs, drop: round(n / size) * epochs,
            "You rounded to the nearest whole number. Even one example left over makes a batch, and with drop_last=True even "
            "a batch that lacks only one is left out.",
        ),
        Mistake(
            lambda n, size, epochs, drop: (n // size if drop else round(n / size)) * epochs,
            "Without drop_last you round to the nearest whole number. Even one example left over makes a batch: round up.",
        ),
        Mistake(
            lambda n, size, epochs, drop: max(1, _batches(n, size, drop)) * epochs,
            "You count at least one update in each epoch. With drop_last=True and fewer examples than batch_size it has none.",
        ),
        Mistake(
            lambda n, size, epochs, drop: n // size * epochs + (not drop and n % size > 0),
            "You count the smaller last batch once in the whole training. It comes in every epoch.",
        ),
        Mistake(
            lambda n, size, epochs, drop: _up(n, size) * epochs - (drop and n % size > 0),
            "You leave out one smaller batch in the whole training. With drop_last=True every epoch leaves one out.",
        ),
        Mistake(
            lambda n, size, epochs, drop: _batches(size, n, drop) * epochs,
            "You divided batch_size by the examples. How many batches fit into the examples?",
        ),
        Mistake(
            lambda n, size, epochs, drop: size * epochs,
            "You multiplied batch_size by the epochs. How many batches does an epoch have? That needs the examples.",
        ),
        Mistake(
            lambda n, size, epochs, drop: n % size * epochs,
            "`%` is what is left over by the division. The number of full batches is `//`.",
        ),
        Mistake(
            lambda n, size, epochs, drop: epochs,
            "You counted the epochs. An epoch is a pass over all examples, and makes an update after each batch.",
        ),
    ],
    hints=[
        "Count one epoch first, and take 5 examples in batches of 2: which batches are there?",
        "`examples // batch_size` full batches, and `examples % batch_size` examples left over. When do these make an update?",
        "One more batch if something is left over and drop_last is False. Then multiply by the epochs: each begins anew.",
    ],
)

# Exercise 2.


def patience(losses, patience, min_delta):
    """Return {"stop": the last epoch that is trained, "keep": the epoch of the best weights}, both counted from 0.

    losses: list of the validation loss of each epoch. An epoch is the new best one if its loss is lower than the best so far by
    more than min_delta; the first number of the list always is. After `patience` epochs in a row without a new best one
    training ends; but never at an epoch that is the best, so 0 does the same as 1. If it does not end early, "stop" is the last
    epoch of the list. A loss may be nan (not a number): that is never a new best. Without any best epoch "keep" is 0.
    """
    best, keep, wait = float("inf"), 0, 0
    for epoch, loss in enumerate(losses):
        wait += 1
        if loss + min_delta < best:  # False for nan
            best, keep, wait = loss, epoch, 0
        elif wait >= patience:
            return {"stop": epoch, "keep": keep}
    return {"stop": len(losses) - 1, "keep": keep}


def _better(loss, best, delta):
    return loss + delta < best


def _waited(wait, patience):
    return wait >= patience


def _kept(stop, keep, losses):
    return {"stop": stop, "keep": keep}


def _watched(
    better=_better,
    ends=_waited,
    reference=lambda best, loss, improved: loss if improved else best,
    reset=lambda wait: 0,
    answer=_kept,
    at_best=False,
    start=1,
):
    """Return a function that differs from the right one in what is given.

    better(loss, reference, min_delta) says whether an epoch improved. ends(wait, patience): whether training ends after so many
    epochs. reference(old, loss, improved): what the next loss is compared with. reset(wait): the wait after an improvement.
    answer(stop, keep, losses): what is returned. at_best: whether training may end at an epoch that improved, too. start: the
    first epoch that is looked at.
    """

    def watch(losses, patience, min_delta):
        best, keep, wait, stop = losses[0], 0, 0, len(losses) - 1
        for epoch in range(start, len(losses)):
            improved = epoch == 0 or better(losses[epoch], best, min_delta)
            wait = reset(wait) if improved else wait + 1
            keep = epoch if improved else keep
            best = reference(best, losses[epoch], improved)
            if (at_best or not improved) and ends(wait, patience):
                stop = epoch
                break
        return answer(stop, keep, losses)

    return watch


def _lowest(losses):
    """Return the epoch of the lowest loss as Python's `min` finds it, which passes over nan unless it comes first."""
    return losses.index(min(losses))


def _rises_in_a_row(losses, patience, min_delta):
    """Return the answer of somebody who counts the epochs in a row that are not better than the one before each."""
    best, keep, wait = losses[0], 0, 0
    for epoch in range(1, len(losses)):
        if _better(losses[epoch], best, min_delta):
            best, keep = losses[epoch], epoch
        wait = 0 if _better(losses[epoch], losses[epoch - 1], min_delta) else wait + 1
        if wait and wait >= patience:
            return _kept(epoch, keep, losses)
    return _kept(len(losses) - 1, keep, losses)


def _window(losses, patience, min_delta):
    """Return the answer of somebody who compares with the epoch `patience` epochs ago."""
    best, keep, back = losses[0], 0, max(1, patience)
    for epoch in range(1, len(losses)):
        if _better(losses[epoch], best, min_delta):
            best, keep = losses[epoch], epoch
        elif epoch >= back and not _better(losses[epoch], losses[epoch - back], min_delta):
            return _kept(epoch, keep, losses)
    return _kept(len(losses) - 1, keep, losses)


def _all_known(lowest, end=min):
    """Return a function that looks for the lowest loss of all, and lets training end `patience` epochs later.

    lowest(losses) is the epoch of that loss, and end(epoch, last) where training ends.
    """

    def answer(losses, patience, min_delta):
        keep = int(lowest(losses))
        return _kept(end(keep + patience, len(losses) - 1), keep, losses)

    return answer


def _runs_out(last=lambda losses: len(losses) - 1, early=lambda stop: stop):
    """Return a function with another "stop": last(losses) where training does not end early, and early(stop) where it does."""

    def answer(losses, patience, min_delta):
        stop, keep = _watched(answer=lambda stop, keep, losses: (stop, keep))(losses, patience, min_delta)
        ended = stop - keep >= max(1, patience)
        return _kept(early(stop) if ended else last(losses), keep, losses)

    return answer


NAN = float("nan")

patience = Exercise(
    patience,
    # Eighths are exact in binary: whether something is better by exactly min_delta is no matter of rounding here.
    cases=[
        ([0.5], 0, 0),
        ([0.5, 0.25], 0, 0),
        ([0.5, 0.25, 0.75], 0, 0),
        ([0.5, 0.25, 0.75, 0.125], 0, 0),
        ([0.5, 0.75, 0.25], 1, 0),
        ([0.5, 0.75, 0.25], 2, 0),
        ([0.75, 0.5, 0.5, 0.5, 0.25], 2, 0),
        ([1.0, 0.75, 0.875, 0.5, 0.625, 0.375, 0.5, 0.25], 2, 0),
        ([1.0, 0.75, 0.875, 0.5, 0.625, 0.625, 0.25], 3, 0),
        ([1.0, 0.75, 0.875, 0.8125, 0.78125, 0.25], 3, 0),
        ([1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25], 2, 0.25),
        ([1.0, 0.75, 0.5, 0.25], 2, 0.25),
        ([0.5, 0.625, 0.75], 3, 0.25),
        ([1.0, 0.9375, 0.875, 0.8125, 0.75], 3, 0.25),
        ([0.5, 0.375, 0.5, 0.5, 0.25], 3, 0.25),
        ([1.0, 0.5, 0.625, 0.375, 0.75, 0.75, 0.125], 3, 0.25),
        ([0.5, NAN, 0.375, NAN, NAN, 0.25], 2, 0),
        ([0.75, 0.5, 0.625, 0.75, 0.875], 8, 0),
    ],
    mistakes=[
        Mistake(
            _watched(ends=lambda wait, patience: wait >= patience - 1),
            "You stop one epoch too early. Patience counts the epochs after the best one: with 2, both may pass without a new "
            "best, and training ends after the second.",
        ),
        Mistake(
            _watched(ends=lambda wait, patience: wait > patience),
            "You stop one epoch too late: after as many epochs as patience says training ends, so `>=` and not `>`.",
        ),
        Mistake(
            _watched(reset=lambda wait: wait),
            "You never set the count back. After a new best epoch the patience begins anew, at 0.",
        ),
        Mistake(
            _watched(reset=lambda wait: 1),
            "You set the count back to 1. The best epoch itself does not count as one without improvement: set it to 0.",
        ),
        Mistake(
            _watched(reference=lambda best, loss, improved: loss),
            "You compare with the epoch before. Compare with the best so far: small steps may add up to an improvement, and "
            "falling back from a peak is none.",
        ),
        Mistake(
            _rises_in_a_row,
            "You keep the right epoch, but your count begins anew whenever a loss is lower than the one before. Only a new "
            "best epoch sets it back.",
        ),
        Mistake(
            _watched(reference=lambda best, loss, improved: best),
            "You always compare with epoch 0. The best loss so far has to be stored, and replaced by each new best.",
        ),
        Mistake(
            _watched(better=lambda loss, best, delta: loss < best),
            "You ignore min_delta. An epoch is the new best only if it is better by more than that.",
        ),
        Mistake(
            _watched(better=lambda loss, best, delta: loss - delta < best),
            "min_delta has the wrong sign: with you an epoch may even be worse and be called the best. It has to be lower than "
            "the best by more than min_delta.",
        ),
        Mistake(
            _watched(better=lambda loss, best, delta: loss < best * (1 - delta)),
            "You take min_delta for a share of the best loss. It is a difference of two losses.",
        ),
        Mistake(
            _watched(better=lambda loss, best, delta: loss + delta <= best),
            "You take `<=`. A loss that is only as good as the best, or better by exactly min_delta, is no new best: take `<`.",
        ),
        Mistake(
            _watched(better=lambda loss, best, delta: loss <= best),
            "You take `<=` and ignore min_delta. To be the new best an epoch must be better by more than min_delta.",
        ),
        Mistake(
            _watched(better=lambda loss, best, delta: not loss + delta >= best),
            "To you nan is the best of all. Every comparison with nan is False, so ask whether a loss is better, not whether "
            "it is worse.",
        ),
        Mistake(
            _watched(better=lambda loss, best, delta: loss - delta > best),
            "You look for the highest number, as with an accuracy. A loss is better when it is lower.",
        ),
        Mistake(
            _watched(reference=lambda best, loss, improved: loss if loss < best else best),
            "Improvements smaller than min_delta move your best loss along. Only a new best epoch replaces it: so many small "
            "steps together can be one.",
        ),
        Mistake(
            _watched(ends=lambda wait, patience: True),
            "You stop at the first epoch that is not the best. Patience says how many of them in a row are endured.",
        ),
        Mistake(
            _watched(ends=lambda wait, patience: wait == patience),
            "You ask for `==`, so with patience 0 training never ends: the first count is 1 already. Ask for `>=`.",
        ),
        Mistake(
            _watched(at_best=True),
            "With patience 0 you stop even at an epoch that is the new best: at epoch 1, whatever happens. Ask for the end "
            "only where an epoch has not improved.",
        ),
        Mistake(
            _watched(at_best=True, start=0),
            "With patience 0 you stop at epoch 0, which is the best so far. Ask for the end only where an epoch has not "
            "improved.",
        ),
        Mistake(
            _watched(ends=lambda wait, patience: False),
            "With you training never ends early: does your loop go on after it has found the end?",
        ),
        Mistake(
            _window,
            "You compare with the loss of `patience` epochs ago. Asked is how many epochs ago the best one was.",
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(stop, stop, losses)),
            "You keep the last epoch. The waiting came after the best one: with its weights the patience costs nothing.",
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(keep, keep, losses)),
            "Training does not end at the best epoch: that it was the best shows only after the patience has run out.",
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(keep, stop, losses)),
            '"stop" and "keep" have changed places.',
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(stop + 1, keep + 1, losses)),
            "You count the epochs from 1. Here the first one is epoch 0.",
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(stop + 1, keep, losses)),
            '"stop" is one too high in every call: it is the last epoch that is trained, not the first one that is not.',
        ),
        Mistake(
            _runs_out(lambda losses: len(losses)),
            'Where training does not end early, "stop" is the last epoch of the list, `len(losses) - 1`: they count from 0.',
        ),
        Mistake(
            _runs_out(lambda losses: None),
            'Where training does not end early you return no "stop". It is the last epoch of the list then.',
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(stop, _lowest(losses), losses)),
            "You keep the lowest loss of the whole list. Epochs after the stop are never trained: nobody has their weights.",
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(stop, int(np.argmin(losses)), losses)),
            "You keep what `np.argmin` finds in the whole list. Later epochs than the stop are not trained. And to `np.argmin` "
            "nan is smallest.",
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(stop, _lowest(losses[: stop + 1]), losses)),
            "You keep the lowest loss up to the stop. An epoch that is better by no more than min_delta is no new best, and "
            "its weights are not kept.",
        ),
        Mistake(
            _watched(answer=lambda stop, keep, losses: _kept(stop, int(np.argmin(losses[: stop + 1])), losses)),
            "You keep what `np.argmin` finds up to the stop. To it nan is the smallest, and it knows no min_delta: keep the "
            "epoch that was the best in your loop.",
        ),
        Mistake(
            _all_known(_lowest),
            "You look at the whole list. When training stops nobody has seen the later losses: go through the epochs in order, "
            "and end at the first place where the patience runs out.",
        ),
        Mistake(
            _all_known(np.argmin),
            "You look at the whole list, with `np.argmin`. When training stops nobody has seen the later losses. And to "
            "`np.argmin` nan is smallest. Go through the epochs in order.",
        ),
        Mistake(
            _all_known(_lowest, end=lambda epoch, last: epoch),
            "You look at the whole list, and add patience even past its end. When training stops nobody has seen the later "
            "losses: go through the epochs in order.",
        ),
        Mistake(
            _all_known(np.argmin, end=lambda epoch, last: epoch),
            "You look at the whole list, with `np.argmin`, and add patience even past its end. When training stops nobody has "
            "seen the later losses, and to `np.argmin` nan is smallest: go through the epochs in order.",
        ),
        Mistake(
            _runs_out(early=lambda stop: stop - 1),
            'The epoch with which the patience runs out is still trained: it is "stop", not the one before.',
        ),
    ],
    hints=[
        "Go through the epochs in order, and know only what came before. Which two things have to be remembered?",
        "The best loss so far and its epoch. Is the new loss lower by more than min_delta? Then both are replaced. If not, how "
        "many epochs ago was the best one?",
        'Begin with `best = float("inf")`, and add 1 to `wait` in every epoch. `if losses[epoch] + min_delta < best:` store '
        "both, and set `wait` to 0; `elif wait >= patience:` return. After the loop return the last epoch.",
    ],
)

# Exercise 3.

LEAKS = (
    "scaled with test",
    "scaled with validation",
    "stop chosen on test",
    "stop chosen on training",
    "test in training",
    "test in validation",
    "validation in training",
)


def find_leaks(run):
    """Return a list of what is wrong with a training run, in any order; an empty list if nothing is.

    run: dictionary. "training", "validation", "test": lists of the numbers of the examples in these sets. "chosen on": the name
    of the set whose loss chose the epoch to keep. "scaled with": list of the names of the sets that mean and spread for the
    scaling were taken from.

    The names for what is wrong are those of `LEAKS`. "test in training": at least one example of the test set is also in the
    training set. Only the validation set may choose, and only the training set may give mean and spread.
    """
    wrong = []
    for first, second in (("validation", "training"), ("test", "training"), ("test", "validation")):
        if set(run[first]) & set(run[second]):
            wrong.append(f"{first} in {second}")
    if run["chosen on"] != "validation":
        wrong.append(f"stop chosen on {run['chosen on']}")
    wrong += [f"scaled with {name}" for name in run["scaled with"] if name != "training"]
    return wrong


def _sorted_names(value, run):
    """Return what is judged: the names, sorted; a name that comes twice stays twice. Raises ValueError for something else."""
    return sorted(names_of(value, LEAKS))


def _run(training, validation, test, chosen="validation", scaled="training"):
    return (
        {
            "training": training,
            "validation": validation,
            "test": test,
            "chosen on": chosen,
            "scaled with": scaled.split(" "),
        },
    )


PAIRS = (("validation", "training"), ("test", "training"), ("test", "validation"))


def _overlap(first, second):
    return bool(set(first) & set(second))


def _found(shares=_overlap, pairs=PAIRS, allowed=("validation",), scaled=lambda names: set(names) - {"training"}):
    """Return a function that differs from the right one in what is given.

    shares(first, second) says whether two lists of examples share one, and `pairs` which ones are looked at. allowed: the sets
    that may choose. scaled(names): the sets that are blamed for the scaling.
    """

    def find(run):
        wrong = [f"{first} in {second}" for first, second in pairs if shares(run[first], run[second])]
        wrong += [f"stop chosen on {run['chosen on']}"] * (run["chosen on"] not in allowed)
        return wrong + [f"scaled with {name}" for name in scaled(run["scaled with"])]

    return find


find_leaks = Exercise(
    find_leaks,
    # They stand in the order of their size: a dictionary has none by which they could be sorted.
    cases=[
        _run([0, 1], [2], [3]),
        _run([0, 1], [1], [2]),
        _run([0, 1], [2], [0]),
        _run([0, 1], [2], [2]),
        _run([0, 1], [2], [3], chosen="test"),
        _run([0, 1], [2], [3], chosen="training"),
        _run([0, 1], [2], [3], scaled="training test"),
        _run([0, 1], [2], [3], scaled="validation training"),
        _run([0, 1], [2], [3], scaled="test"),
        _run([7, 1, 5, 4], [6, 2], [3, 0]),
        _run([3, 1, 4], [5, 0], [2, 6], scaled="training validation test"),
        _run([3, 1, 4, 2], [5, 3], [6, 5], chosen="test"),
        _run([0, 1, 2, 3, 4, 5], [6, 4, 5], [5, 7, 4], chosen="training", scaled="test training"),
        _run([0, 1, 2, 3], [4, 5], [5, 4]),
    ],
    mistakes=[
        Mistake(
            _found(pairs=PAIRS[:1]),
            "You compare validation and training alone. The test set must share no example with either of them.",
        ),
        Mistake(
            _found(pairs=PAIRS[:2]),
            "You compare the training set with the other two, but not test with validation. If the validation set chooses the "
            "epoch and the test set shares its examples, the test is no longer new.",
        ),
        Mistake(
            _found(pairs=PAIRS[1:]),
            "You look for the test set in the others, but not for validation in training. On examples that it has learned the "
            "network looks good, and the stop comes too late.",
        ),
        Mistake(
            _found(pairs=[PAIRS[0], PAIRS[2]]),
            "You do not look whether an example of the test set is in the training set: the classic leak.",
        ),
        Mistake(
            _found(pairs=[]),
            "You do not compare the examples of the three sets. No two of the sets may share one.",
        ),
        Mistake(
            _found(shares=lambda first, second: set(first) == set(second)),
            "You ask whether two sets are the same. One example in both is a leak already: `&` gives what they share.",
        ),
        Mistake(
            _found(shares=lambda first, second: first == second),
            "One common example is enough: do not ask whether the lists are equal.",
        ),
        Mistake(
            _found(shares=lambda first, second: set(first) <= set(second)),
            "You ask whether all examples of one set are in the other. One is enough: `any`, not `all`.",
        ),
        Mistake(
            _found(shares=lambda first, second: first[0] in second),
            "You look at the first example of a set only. Any of them may be in another set.",
        ),
        Mistake(
            _found(shares=lambda first, second: any(mine == other for mine, other in zip(first, second, strict=False))),
            "You compare the first with the first, the second with the second, and so on. An example may stand anywhere in "
            "the other list.",
        ),
        Mistake(
            _found(shares=lambda first, second: not _overlap(first, second)),
            "You report sets that share nothing. That is how it should be: a leak is an example in both.",
        ),
        Mistake(
            _found(shares=lambda first, second: bool(set(first) | set(second))),
            "You join two sets, `|`, and that is never empty. What they share is `&`.",
        ),
        Mistake(
            _found(shares=lambda first, second: set(first) != set(second)),
            "You report sets that differ. They should differ, in all of their examples: a leak is an example in both.",
        ),
        Mistake(
            _found(allowed=("training", "validation", "test")),
            'You do not look at "chosen on". Only the validation set may choose the epoch.',
        ),
        Mistake(
            _found(allowed=("training", "validation")),
            "You let the training set choose the stop. Its loss goes on falling while the network overfits, so it chooses the "
            "last epochs.",
        ),
        Mistake(
            _found(allowed=("validation", "test")),
            "You let the test set choose the stop. Whatever chooses looks better than it is: the test is no longer new.",
        ),
        Mistake(
            _found(scaled=lambda names: []),
            'You do not look at "scaled with". Mean and spread of the test set are knowledge about it, too: take them from the '
            "training set.",
        ),
        Mistake(
            _found(scaled=lambda names: {"test"} & set(names)),
            "You let mean and spread come from the validation set, too. It stands for examples that are new: only the training "
            "set may give them.",
        ),
        Mistake(
            _found(scaled=lambda names: {"validation"} & set(names)),
            "You let mean and spread come from the test set, too. Then the test is not new to the network.",
        ),
        Mistake(
            _found(scaled=lambda names: set(names[:1]) - {"training"}),
            'You look at the first name in "scaled with" only. It is a list: go through all of it.',
        ),
        Mistake(
            _found(scaled=lambda names: set(names[-1:]) - {"training"}),
            'You look at the last name in "scaled with" only. It is a list: go through all of it.',
        ),
        Mistake(
            _found(scaled=lambda names: [] if "training" in names else set(names)),
            "You are content when the training set is among those that gave mean and spread. It has to be the only one.",
        ),
        Mistake(
            _found(scaled=lambda names: ["test"] if names != ["training"] else []),
            "You blame the test set for every wrong scaling. Name each set that is not the training set.",
        ),
        Mistake(
            lambda run: list(LEAKS),
            "You return all names, whatever the run is like. Return those that hold for this run.",
        ),
        Mistake(
            lambda run: [],
            "With you nothing is ever wrong. Begin with one of the names: do two of the sets share an example?",
        ),
        Mistake(
            lambda run: find_leaks.reference(run)[:1],
            "You stop at the first thing that is wrong. There may be more: does a `return` come too early?",
        ),
        Mistake(
            lambda run: [name for name in LEAKS if name not in find_leaks.reference(run)],
            "You return what is in order. Asked for is what is wrong.",
        ),
        Mistake(
            lambda run: [
                *(f"{first} in {second}" for first, second in PAIRS for example in run[first] if example in run[second]),
                *_found(pairs=[])(run),
            ],
            "A name comes once for each example that two sets share. Name it once: ask whether they share any.",
        ),
    ],
    hints=[
        "Three questions. Which examples are in two sets? Who chose the epoch? Where do mean and spread come from?",
        "`set(run['test']) & set(run['training'])` holds the examples in both; an empty set counts as False. There are three "
        "such pairs.",
        '`if run["chosen on"] != "validation":` append f"stop chosen on {run[\'chosen on\']}". And for each name in '
        '`run["scaled with"]` that is not "training", append f"scaled with {name}".',
    ],
    effect=_sorted_names,
)


# The predictions.

SEEDS = (0, 1, 2)


EXAMPLES, BATCH = 162, 32
LEFT_OVER = EXAMPLES % BATCH
INPUTS, STEP = 3, 1e-3  # a small step, so that what an early batch did is hardly undone by the later ones

MORE, SAME, LESS, NOTHING = (
    "about 16 times as much",
    "as much: one example is one example",
    "less, about 1/16: the batch is small",
    "not at all: a batch that is not full is left out",
)


def _moves(seed, places):
    """Return how far the weights end from where they had ended if one target were larger by 1, for each of the places.

    One epoch in order, with SGD. It is divided by the length of the example's input (with a 1 for the bias), since a longer one
    moves the weights further in any batch.
    """
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(EXAMPLES, INPUTS)), rng.normal(size=(EXAMPLES, 1))

    def trained(targets):
        model = Sequential([Dense(1)], rng=np.random.default_rng(seed))
        model.compile(SGD(STEP), "mean_squared_error")
        model.fit(x, targets, epochs=1, batch_size=BATCH, shuffle=False)
        return np.concatenate([array.ravel() for array in model.get_weights()])

    def moved(place):
        return np.linalg.norm(trained(y + (np.arange(EXAMPLES) == place)[:, None]) - plain) / np.hypot(
            1, np.linalg.norm(x[place])
        )

    plain = trained(y)
    return [moved(place) for place in places]


def _counts(rng, epochs):
    """Return what each example counts in all over so many epochs, each in a new order: 1 / size of its batch, added up."""
    sizes = np.full(EXAMPLES, BATCH)
    sizes[EXAMPLES - LEFT_OVER :] = LEFT_OVER
    return sum(rng.permutation(1 / sizes) for _ in range(epochs))


def _which_times(times):
    """Return as an option how much more the last ones count, where all seeds agree; or the numbers."""
    limits = {MORE: (15.0, 17.0), SAME: (0.9, 1.1), LESS: (0.05, 0.07), NOTHING: (-1e-9, 1e-9)}
    return next((name for name, (low, high) in limits.items() if all(low <= t <= high for t in times)), listed(times))


def _last_batch():
    times, full = [], []
    for seed in SEEDS:
        first, fourth, last = _moves(seed, (0, 4 * BATCH, EXAMPLES - 1))
        times.append(last / first)
        full.append(fourth / first)
    spread = {}
    for epochs in (1, 10, 1000):
        counts = [_counts(np.random.default_rng(seed), epochs) for seed in SEEDS]
        spread[epochs] = [some.max() / some.min() for some in counts]
    return _which_times(times), {"times": times, "full": full, "spread": spread}


last_batch = Prediction(
    f"{EXAMPLES} examples, batch_size {BATCH}: {EXAMPLES // BATCH} full batches, and a last one of {LEFT_OVER}. The loss of a "
    "batch is the mean over its examples, and SGD makes an update after each batch. How much does one of the last "
    f"{LEFT_OVER} examples move the weights in this epoch, compared with one in a full batch?",
    [MORE, SAME, LESS, NOTHING],
    _last_batch,
    lambda found: (
        f"{listed(found['times'], '.1f')} times as much (three seeds; between two full batches: {listed(found['full'])}). We "
        "changed the target of one example and looked how far the weights end elsewhere. A mean over "
        f"{LEFT_OVER} gives each a half, a mean over {BATCH} gives each 1/{BATCH}; and both make one update. So the last "
        "update is also the one that chance rules most. Shuffling in each epoch makes it even in the long run: added up, the "
        f"example that counts most counts {listed(found['spread'][1], '.1f')} times as much as the one that counts least in 1 "
        f"epoch, {listed(found['spread'][10], '.1f')} in 10, {listed(found['spread'][1000], '.1f')} in 1,000. Without "
        "shuffling it is always the same ones. drop_last=True leaves the small batch out; shuffle then, or its examples are "
        "never seen."
    ),
)

CURVES, EPOCHS, TURN = 1000, 200, 100
TREND, NOISE = 0.01, 0.03

SOON, HALF_WAY, NEAR, NEVER = (
    "within the first 5 epochs",
    "about half way, near epoch 50",
    f"near the minimum, epoch {TURN}",
    f"as a rule not at all in {EPOCHS} epochs",
)


def _true_losses():
    """Return the losses (epochs,) without noise: 1 at the minimum, and falling or rising by `TREND` an epoch around it."""
    epochs = np.arange(EPOCHS)
    return np.where(epochs < TURN, (1 - TREND) ** (epochs - TURN), (1 + TREND) ** (epochs - TURN))


def _measured(rng, noise):
    """Return losses (curves, epochs) as they are measured: each epoch off by a share of its own."""
    return _true_losses() * (1 + noise * rng.normal(size=(CURVES, EPOCHS)))


def _stops(losses, patience):
    """Return two arrays (curves,): the last epoch that is trained and the epoch that is kept, with min_delta 0."""
    curves, epochs = losses.shape
    best, keep = losses[:, 0].copy(), np.zeros(curves, int)
    stop, running = np.full(curves, epochs - 1), np.ones(curves, bool)
    for epoch in range(1, epochs):
        improved = running & (losses[:, epoch] < best)
        best[improved], keep[improved] = losses[improved, epoch], epoch
        ended = running & ~improved & (epoch - keep >= patience)
        stop[ended], running = epoch, running & ~ended
    return stop, keep


def _which_stop(means):
    """Return as an option where training ends on average, where all seeds agree; or the numbers."""
    limits = {SOON: (0, 5), HALF_WAY: (40, 60), NEAR: (90, 110), NEVER: (EPOCHS - 5, EPOCHS)}
    return next((name for name, (low, high) in limits.items() if all(low <= m <= high for m in means)), listed(means, ".1f"))


def _patience_one():
    def means(patience, noise=NOISE):
        """Return for each seed the mean of the last epoch, and of how many percent the kept one is above the minimum."""
        pairs = []
        for seed in SEEDS:
            stop, keep = _stops(_measured(np.random.default_rng(seed), noise), patience)
            pairs.append((stop.mean(), 100 * (_true_losses()[keep].mean() - 1)))
        return tuple(zip(*pairs, strict=True))

    found = {patience: means(patience) for patience in (1, 5, 20, EPOCHS)}
    found["smooth"] = means(1, noise=0.0)
    return _which_stop(found[1][0]), found


patience_one = Prediction(
    f"In truth a validation loss falls by {100 * TREND:.0f} % an epoch up to epoch {TURN}, and then rises by "
    f"{100 * TREND:.0f} % an epoch. But what is measured is off by chance, by about {100 * NOISE:.0f} % (the standard "
    f"deviation) in each epoch anew. With patience 1 and up to {EPOCHS} epochs: where does training end on average?",
    [SOON, HALF_WAY, NEAR, NEVER],
    _patience_one,
    lambda found: (
        f"At epoch {listed(found[1][0], '.1f')} (counted from 0; three seeds, {CURVES:,} curves each), and the true loss of "
        f"the kept epoch is {listed(found[1][1], '.0f')} % above the minimum. One epoch brings {100 * TREND:.0f} %, and the "
        "noise is larger: nearly every second loss is above the one before by chance, and patience 1 ends at the first. It is "
        f"the noise that does it: without any, patience 1 ends at epoch {listed(found['smooth'][0], '.0f')}. With noise, "
        f"patience 5 ends at epoch {listed(found[5][0], '.0f')}, and keeps a loss {listed(found[5][1], '.0f')} % above the "
        f"minimum. Patience 20: epoch {listed(found[20][0], '.0f')}, and {listed(found[20][1], '.1f')} %. Training to the "
        f"end and keeping the best of all {EPOCHS} epochs: {listed(found[EPOCHS][1], '.1f')} %, so patience 20 costs no more "
        "loss, and saves epochs. The patience has to outlast the noise: look at how far a curve jumps before you choose it."
    ),
)

TESTS, CANDIDATES, ERROR, TIMES = 100, 100, 0.2, 1000
SHARED = 0.15  # share of the examples that all epochs get wrong, in the control

FAIR, A_LITTLE, FAR_TOO_GOOD, ZERO = (
    "about 20 %: they are all equally good",
    "about 18 %",
    "about 10 %: half of the truth",
    "about 0 %",
)


def _errors(rng, examples, shared=0.0):
    """Return errors (times, epochs) on one test set each time; in truth every epoch errs on the share `ERROR`."""
    return errors_by_chance(rng, TIMES, CANDIDATES, examples, ERROR, shared)


def _which_error(means):
    """Return as an option what the chosen epoch reports, where all seeds agree; or the numbers."""
    limits = {FAIR: (0.19, 0.21), A_LITTLE: (0.17, 0.19), FAR_TOO_GOOD: (0.08, 0.13), ZERO: (0.0, 0.02)}
    return next((name for name, (low, high) in limits.items() if all(low <= m < high for m in means)), listed(means))


def _chosen_on_test():
    found = {name: [] for name in ("chosen", "one", "fresh", "large", "shared")}
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        errors, fresh = _errors(rng, TESTS), _errors(rng, TESTS)
        chosen = errors.argmin(axis=1)
        found["chosen"].append(errors[np.arange(TIMES), chosen].mean())
        found["one"].append(errors[:, -1].mean())
        found["fresh"].append(fresh[np.arange(TIMES), chosen].mean())
        found["large"].append(_errors(rng, 100 * TESTS).min(axis=1).mean())
        found["shared"].append(_errors(rng, TESTS, SHARED).min(axis=1).mean())
    return _which_error(found["chosen"]), found


chosen_on_test = Prediction(
    f"{CANDIDATES} epochs are in truth equally good: each errs on {100 * ERROR:.0f} % of all examples, and each on other "
    f"ones, by chance. Somebody takes the error on a test set of {TESTS} examples after each epoch, keeps the epoch with the "
    "lowest, and reports that error. What is it on average?",
    [FAIR, A_LITTLE, FAR_TOO_GOOD, ZERO],
    _chosen_on_test,
    lambda found: (
        f"{percent(found['chosen'], '.1f')} (three seeds, {TIMES:,} times each). On {TESTS} examples the error of an epoch "
        f"varies by chance, and the lowest of {CANDIDATES} is the luckiest. Its luck stays behind: on {TESTS} fresh examples "
        f"the very same epochs err on {percent(found['fresh'], '.1f')}. So choose on a validation set, and measure on a test "
        f"set that chose nothing. The last epoch, not chosen, reports {percent(found['one'], '.1f')}. Other things make the "
        f"gap smaller. With {100 * TESTS:,} examples the lowest is {percent(found['large'], '.1f')}. And where "
        "epochs err partly on the same examples, they differ less: if all share three quarters of their errors, it is "
        f"{percent(found['shared'], '.1f')}."
    ),
)

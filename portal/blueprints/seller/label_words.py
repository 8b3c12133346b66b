"""What the seller's desk says of labels that were not bought."""

from __future__ import annotations

from dataclasses import replace

from portal.kit.text import N_
from portal.queries.bulk_runs import RunView
from portal.queries.labels import RunLabels

LABEL_PROBLEMS = {
    "address_unfit": N_("The carrier does not deliver to this address."),
    "address_changed": N_("The order goes to another address by now."),
    "cancelled": N_("The order was cancelled."),
    "carrier_unknown": N_("This carrier sells no labels here."),
    "handed_over": N_("The carrier has the parcel already; the label stays."),
    "no_answer": N_("The carrier gives no answer; it is asked again."),
    "number_unfit": N_("The carrier gave a number that is none of its own."),
    "on_hold": N_("The order is on hold."),
    "": N_("The carrier refused the label."),
}


def as_run(run: RunView, labels: RunLabels) -> RunView:
    """A run over labels as its page shows it: done is what its carrier has answered about."""
    refused = [
        {
            "part": str(part_id),
            "number": number,
            "row": 0,
            "code": "label_refused",
            "sentence": LABEL_PROBLEMS.get(problem, LABEL_PROBLEMS[""]),
            "params": {},
        }
        for part_id, number, problem in labels.failed
    ]
    return replace(run, done=run.done - labels.open, failed=[*run.failed, *refused])

"""Examples of claims: a parcel that was lost on its way."""

from __future__ import annotations

from portal.blueprints.api.v1.returns.examples import LINE, RETURN, SETTLED

CLAIM = {"reason": "lost", "lines": [{"line_id": LINE, "units": 1}], "note": "The carrier cannot find it."}
FILED = RETURN | {"kind": "claim", "reason": "lost", "status": "requested", "version": 1}
SETTLEMENT = {"outcome": "refund", "carrier_liable": True, "note": "Search closed by the carrier.", "version": 1}
PAID = SETTLED | {"kind": "claim", "reason": "lost"}
PARCEL = {"carrier": "cj", "tracking_number": "5812-0000-0001", "version": 5}
SENT = RETURN | {"wish": "exchange", "status": "settled", "replacement_number": "581200000001", "version": 6}

"""What is made meets what stays."""

import pytest
import torch

from sfv.priors.meeting import meeting


def test_what_lies_between_is_moved_evenly() -> None:
    known, shown = torch.zeros(1, 6, 1), torch.tensor((True, False, False, False, True, False))[None, :, None]
    known[0, 0], known[0, 4] = 4.0, 8.0
    made = meeting(torch.ones(1, 6, 1), known, shown)
    torch.testing.assert_close(made[0, :5, 0], torch.tensor((4.0, 5.0, 6.0, 7.0, 8.0)))
    assert made[0, 5] == pytest.approx(1.0 + 7.0 * 0.5**0.25)
    assert torch.equal(meeting(known, torch.ones_like(known), torch.zeros_like(shown)), known)

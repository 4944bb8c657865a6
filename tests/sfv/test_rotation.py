import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from sfv import rotation


@pytest.fixture
def quats():
    q = torch.randn(200, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.normalize(q, dim=-1)


def scipy(q):
    return Rotation.from_quat(q.numpy(), scalar_first=True)


def same(a, b):
    """Equal as rotations: q and -q are one."""
    torch.testing.assert_close((a * b).sum(-1).abs(), torch.ones(a.shape[:-1], dtype=a.dtype), atol=1e-12, rtol=0)


def test_product_and_application_agree_with_scipy(quats):
    a, b = quats[:100], quats[100:]
    v = torch.randn(100, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    np.testing.assert_allclose(
        rotation.matrix(rotation.quat_mul(a, b)).numpy(), (scipy(a) * scipy(b)).as_matrix(), atol=1e-12
    )
    np.testing.assert_allclose(rotation.quat_apply(a, v).numpy(), scipy(a).apply(v.numpy()), atol=1e-12)
    torch.testing.assert_close(rotation.quat_apply_inverse(a, rotation.quat_apply(a, v)), v)


def test_group_axioms(quats):
    a, b, c = quats[:60], quats[60:120], quats[120:180]
    one = torch.tensor([1.0, 0, 0, 0], dtype=torch.float64)
    same(rotation.quat_mul(rotation.quat_mul(a, b), c), rotation.quat_mul(a, rotation.quat_mul(b, c)))
    same(rotation.quat_mul(a, rotation.quat_conj(a)), one.expand(60, 4))
    torch.testing.assert_close(rotation.quat_mul(a, one), a)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-5, 1e-3, 1.0, 3.0, np.pi - 1e-7])
def test_log_is_the_inverse_of_exp(angle):
    axis = torch.nn.functional.normalize(torch.randn(50, 3, dtype=torch.float64), dim=-1)
    torch.testing.assert_close(rotation.log(rotation.exp(angle * axis)), angle * axis, atol=1e-9, rtol=0)


def test_exp_is_the_inverse_of_log(quats):
    same(rotation.exp(rotation.log(quats)), quats)
    assert rotation.log(quats).norm(dim=-1).max() <= np.pi


def test_difference_carries_a_to_b(quats):
    a, b = quats[:100], quats[100:]
    w = rotation.difference(a, b)
    same(rotation.quat_mul(a, rotation.exp(w)), b)
    np.testing.assert_allclose(w.norm(dim=-1).numpy(), (scipy(a).inv() * scipy(b)).magnitude(), atol=1e-12)


def test_six_holds_the_first_two_columns(quats):
    matrix = rotation.matrix(quats)
    torch.testing.assert_close(rotation.six(quats), torch.cat((matrix[..., 0], matrix[..., 1]), -1))


def test_headings_add_up(quats):
    turn = rotation.exp(torch.tensor([0.0, 0.0, 0.7], dtype=torch.float64))
    gap = rotation.heading(rotation.quat_mul(turn, quats)) - rotation.heading(quats) - 0.7
    torch.testing.assert_close(torch.sin(0.5 * gap), torch.zeros_like(gap), atol=1e-12, rtol=0)


@pytest.mark.parametrize("size", [0.0, 1e-5, 1.0])
def test_gradients_are_right_at_and_near_the_identity(size):
    w = (size * torch.tensor([[0.6, -0.64, 0.48]], dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(rotation.exp, w)
    assert torch.autograd.gradcheck(lambda x: rotation.log(rotation.exp(x)), w)

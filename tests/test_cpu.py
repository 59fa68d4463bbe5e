"""Computing in bfloat16 where the processor does, and in single precision elsewhere."""

import sys

import pytest
import torch

from posterbeat import cpu
from train.music import loop, train_writer


@pytest.mark.parametrize("native, expected", [(False, torch.float32), (True, torch.bfloat16)])
def test_bfloat16_is_used_where_the_processor_has_it(monkeypatch, native, expected):
    monkeypatch.setattr(cpu, "has_bf16", lambda: native)
    with cpu.bf16_autocast():
        assert torch.nn.Linear(4, 4)(torch.ones(1, 4)).dtype == expected


def test_the_trainer_refuses_bfloat16_that_the_processor_has_not(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(loop, "has_bf16", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["train_writer", "data.npz", str(tmp_path / "run"), "--bf16"])
    with pytest.raises(SystemExit, match="2"):
        train_writer.main()
    assert "bfloat16" in capsys.readouterr().err

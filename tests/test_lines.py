"""A failure is reported wherever it happened."""

import subprocess
import sys
import textwrap

from tests.lines import with_lines


def _fails_on_no_line():
    def divide():
        return 1 / 0

    code = divide.__code__
    units = len(code.co_code) // 2
    table = bytes(0xF8 | (min(8, units - start) - 1) for start in range(0, units, 8))  # "no location", up to 8 instructions each
    divide.__code__ = code.replace(co_linetable=table)
    divide()


def test_every_entry_of_a_traceback_has_a_line():
    try:
        try:
            _fails_on_no_line()
        except ZeroDivisionError as error:
            raise ValueError("after it") from error
    except ValueError as error:
        failure = error
    with_lines(failure)
    entry, lines = failure.__cause__.__traceback__, []
    while entry:
        lines.append(entry.tb_lineno)
        entry = entry.tb_next
    assert len(lines) == 3 and all(lines)


def test_a_failure_on_no_line_is_one_failure_and_the_run_goes_on(tmp_path):
    (tmp_path / "test_two.py").write_text(textwrap.dedent("""
        from tests.test_lines import _fails_on_no_line

        def test_one():
            _fails_on_no_line()

        def test_two():
            pass
    """))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True, text=True, timeout=120,
    )
    assert "1 failed, 1 passed" in ended.stdout, ended.stdout

"""The metrics as promtool, Prometheus' own checker, sees them."""

import subprocess

from tests.browser.browser import ROOT
from tests.browser.conftest import IMAGE

RUN = "docker run --rm --interactive --network none --entrypoint promtool"


def promtool(*words: str, text: str) -> "subprocess.CompletedProcess[str]":
    """Run promtool of the browser's image on `text`."""
    command = [*RUN.split(), IMAGE, *words]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=60, check=False
    )


def test_metrics_pass_promtool(stack, proves) -> None:
    """Names, types, units and help follow Prometheus' conventions: not one remark."""
    stack.get("/api/orders/summary")
    text = stack.get("/metrics").text
    done = promtool("check", "metrics", text=text)
    assert (0, "") == (done.returncode, done.stdout), done.stdout + done.stderr
    families = sum(line.startswith("# TYPE") for line in text.splitlines())
    proves(f"promtool has no remark on {families} families")


def test_promtool_finds_a_badly_named_metric(stack) -> None:
    """The control: a counter without `_total` and without help is a remark."""
    done = promtool("check", "metrics", text="# TYPE lab_reads counter\nlab_reads 1\n")
    assert 0 != done.returncode
    assert "lab_reads" in done.stdout + done.stderr


def test_alert_rules_pass_promtool(stack, proves) -> None:
    """The rules that docs/monitoring.md offers can be loaded as they are."""
    done = promtool("check", "rules", text=(ROOT / "docs/alerts.yml").read_text())
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "4 rules found" in done.stdout + done.stderr
    proves("4 alert rules load")

"""The metrics as promtool, Prometheus' own checker, sees them."""


def test_metrics_pass_promtool(stack, promtool, proves) -> None:
    """Names, types, units and help follow Prometheus' conventions: not one remark."""
    stack.get("/api/orders/summary")
    text = stack.get("/metrics").text
    done = promtool("check", "metrics", text=text)
    assert (0, "") == (done.returncode, done.stdout), done.stdout + done.stderr
    families = sum(line.startswith("# TYPE") for line in text.splitlines())
    proves(f"promtool has no remark on {families} families")


def test_promtool_finds_a_badly_named_metric(promtool) -> None:
    """The control: a counter without `_total` and without help is a remark."""
    done = promtool("check", "metrics", text="# TYPE lab_reads counter\nlab_reads 1\n")
    assert 0 != done.returncode
    assert "lab_reads" in done.stdout + done.stderr

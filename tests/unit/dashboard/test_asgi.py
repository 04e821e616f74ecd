"""The entry point and Streamlit's settings."""

import ast
import tomllib
from pathlib import Path

DASHBOARD = Path(__file__).parents[3] / "dashboard"


def test_app_stands_literally_in_the_entry_file() -> None:
    """`streamlit run` looks for the assignment in the source; else it runs a plain script."""
    tree = ast.parse((DASHBOARD / "asgi.py").read_text())
    calls = [
        ast.unparse(node.value.func)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.targets[0]) == "app"
    ]
    assert ["st.App"] == calls


def test_log_goes_through_the_handler_that_counts() -> None:
    """Every logger of the process, and no second handler beside it."""
    tree = ast.parse((DASHBOARD / "asgi.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    (config,) = [call for call in calls if ast.unparse(call.func) == "logging.basicConfig"]
    words = {word.arg: ast.unparse(word.value) for word in config.keywords}
    assert "[SparingHandler()]" == words["handlers"]


def test_configuration_calls_nobody_and_shows_no_traceback() -> None:
    """Telemetry off, no look-up of the outside address, no error details."""
    config = tomllib.loads((DASHBOARD / ".streamlit/config.toml").read_text())
    assert config["browser"]["gatherUsageStats"] is False
    assert config["browser"]["serverAddress"]
    assert "none" == config["client"]["showErrorDetails"]
    assert config["server"]["headless"] is True
    assert config["runner"]["postScriptGC"] is False

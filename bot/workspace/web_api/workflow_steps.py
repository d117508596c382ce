"""Workflow steps: run one of the app's functions and wait for its outcome."""

from dataclasses import dataclass
from typing import Any, Literal

from bot.workspace.errors import ApiError, Json, invalid
from bot.workspace.model.directory import APP_ID
from bot.workspace.model.rate_tiers import Tier
from bot.workspace.model.state import State
from bot.workspace.model.tickets import new_id
from bot.workspace.model.tokens import Tokens
from bot.workspace.web_api.arguments import Args
from bot.workspace.web_api.method import Method

_PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}
"""The Python type of each JSON type; Slack's own types (slack#/types/…) are strings."""


@dataclass(slots=True, kw_only=True, eq=False)
class StepRun:
    """One run of a function: *outputs* if it completed, *error* if it failed."""

    id: str
    function: str
    token: str
    status: Literal["running", "completed", "failed"] = "running"
    outputs: Json | None = None
    error: str | None = None


class WorkflowSteps:
    """Runs the functions of the app's manifest."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._steps: dict[str, StepRun] = {}

    def methods(self) -> dict[str, Method]:
        """Return the methods of the Web API; none needs a scope."""
        return {
            "functions.completeSuccess": Method(self._succeed, Tier.THREE),
            "functions.completeError": Method(self._fail, Tier.THREE),
        }

    def run(self, state: State, callback_id: str, inputs: Json) -> StepRun:
        """Run a function as a workflow step and send the app its event.

        Raises LookupError if the manifest has no such function, and ValueError if the inputs
        do not fit it or the app is not installed.
        """
        function = state.manifest["functions"][callback_id]
        if state.bot_token is None:
            raise ValueError("the app is not installed")
        if problems := _problems(function["input_parameters"], inputs):
            raise ValueError("; ".join(problems))
        step = StepRun(
            id=new_id("Fx"), function=callback_id, token=self._tokens.issue_step_token(state)
        )
        self._steps[step.id] = step
        about = {
            "id": new_id("Fn"),
            "callback_id": callback_id,
            "title": function["title"],
            "description": function["description"],
            "type": "app",
            "input_parameters": _parameters(function["input_parameters"]),
            "output_parameters": _parameters(function["output_parameters"]),
            "app_id": APP_ID,
        }
        state.tell_app(
            {
                "type": "function_executed",
                "function": about,
                "inputs": inputs,
                "function_execution_id": step.id,
                "workflow_execution_id": new_id("Wx"),
                "event_ts": state.next_ts(),
                "bot_access_token": step.token,
            }
        )
        return step

    def _succeed(self, state: State, args: Args) -> Json:
        step = self._running(args)
        outputs = args.get("outputs") or {}
        if not isinstance(outputs, dict):
            raise ApiError("invalid_arguments")
        expected = state.manifest["functions"][step.function]["output_parameters"]
        if problems := _problems(expected, outputs):
            raise invalid("parameter_validation_failed", [f"[ERROR] {one}" for one in problems])
        step.outputs = outputs
        return self._over(state, step, "completed")

    def _fail(self, state: State, args: Args) -> Json:
        step = self._running(args)
        step.error = args.text("error")
        return self._over(state, step, "failed")

    def _running(self, args: Args) -> StepRun:
        step = self._steps.get(args.text("function_execution_id"))
        if step is None:
            raise ApiError("function_execution_not_found")
        if step.status != "running":
            raise ApiError("execution_not_in_running_state")
        return step

    def _over(self, state: State, step: StepRun, status: Literal["completed", "failed"]) -> Json:
        step.status = status
        self._tokens.revoke_step_token(step.token)
        state.changed({"type": "step", "id": step.id, "function": step.function, "status": status})
        return {}


def functions_as_page(manifest: Json) -> list[Json]:
    """Render the app's functions for the page: {callback_id, title, description, inputs}."""
    return [
        {
            "callback_id": callback_id,
            "title": one["title"],
            "description": one["description"],
            "inputs": _parameters(one["input_parameters"]),
        }
        for callback_id, one in manifest.get("functions", {}).items()
    ]


def _problems(parameters: Json, values: Json) -> list[str]:
    """Return the problems of *values* for a function's input or output parameters."""
    properties: Json = parameters.get("properties", {})
    problems = [
        f"missing required parameter: {name}"
        for name in parameters.get("required", [])
        if values.get(name) is None
    ]
    for name, value in values.items():
        if name not in properties:
            problems.append(f"unknown parameter: {name}")
        elif not _fits(properties[name]["type"], value):
            problems.append(f"{name} must be of type {properties[name]['type']}")
    return problems


def _fits(kind: str, value: Any) -> bool:
    expected = _PYTHON.get(kind, str)
    is_number_for_bool = expected in (int, (int, float)) and isinstance(value, bool)
    return isinstance(value, expected) and not is_number_for_bool


def _parameters(parameters: Json) -> list[Json]:
    required = parameters.get("required", [])
    return [
        {
            "name": name,
            "type": one["type"],
            "title": one.get("title", name),
            "description": one.get("description", ""),
            "is_required": name in required,
        }
        for name, one in parameters.get("properties", {}).items()
    ]

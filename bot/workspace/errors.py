"""A refusal, as the Web API words it."""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A call answered with `ok: false` and *code* (docs.slack.dev: each method's errors)."""

    def __init__(self, code: str, *, retry_after: int | None = None, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.extra = extra

    @property
    def body(self) -> Json:
        """Give the answer's body."""
        return {"ok": False, "error": self.code, **self.extra}


def invalid(code: str, problems: list[str]) -> ApiError:
    """Refuse with *problems* in `response_metadata.messages`, where Slack puts the details."""
    return ApiError(code, response_metadata={"messages": problems})

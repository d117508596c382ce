"""The errors of the Web API."""

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
        """Return the body of the answer."""
        return {"ok": False, "error": self.code, **self.extra}


def invalid(code: str, problems: list[str]) -> ApiError:
    """Build an error with *problems* in `response_metadata.messages`, as Slack does."""
    return ApiError(code, response_metadata={"messages": problems})

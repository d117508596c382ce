"""Shared files (docs.slack.dev: file object)."""

import mimetypes
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bot.workspace.errors import Json

_TYPES = {".txt": "text", ".jsonl": "text", ".md": "markdown", ".ics": "calendar"}


@dataclass(slots=True, kw_only=True, eq=False)
class File:
    """An uploaded file; *channels* are the ids of the channels it is shared in."""

    id: str
    name: str
    user: str
    content: bytes
    created: int
    base_url: str
    channels: set[str] = field(default_factory=set)

    def as_slack(self) -> Json:
        """Render the file as in `files.info` and in messages."""
        ending = PurePosixPath(self.name).suffix.lower()
        kind = _TYPES.get(ending, ending.removeprefix(".") or "binary")
        url = f"{self.base_url}/files-pri/{self.id}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.name,
            "mimetype": mimetypes.guess_type(self.name)[0] or "application/octet-stream",
            "filetype": kind,
            "pretty_type": kind.capitalize(),
            "user": self.user,
            "size": len(self.content),
            "mode": "hosted",
            "is_external": False,
            "is_public": False,
            "url_private": f"{url}/{self.name}",
            "url_private_download": f"{url}/download/{self.name}",
            "permalink": f"{self.base_url}/files/{self.user}/{self.id}",
            "file_access": "visible",
        }

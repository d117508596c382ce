"""A team as its people use it, from Python: they write, press buttons, read and administer."""

from collections.abc import Callable, Iterable
from typing import Any

from bot.workspace.delivery.dispatcher import Dispatcher
from bot.workspace.delivery.payloads import Payloads
from bot.workspace.delivery.responses import Responses
from bot.workspace.errors import Json
from bot.workspace.model.directory import Channel, Kind, Person
from bot.workspace.model.files import File
from bot.workspace.model.state import State
from bot.workspace.model.tickets import new_id
from bot.workspace.model.traffic import Traffic
from bot.workspace.model.views import Views
from bot.workspace.people.administration import Administration
from bot.workspace.people.interactions import Interactions
from bot.workspace.people.messages import Composer


class Team:
    """What the people of one team do and see, whether or not the app is installed."""

    def __init__(self, state: State, dispatcher: Dispatcher, traffic: Traffic) -> None:
        self._state = state
        self._responses = Responses(state, traffic)
        self._composer = composer = Composer(state, dispatcher, self._responses)
        self._interactions = interactions = Interactions(state, dispatcher)
        administration = Administration(state)
        payloads = Payloads(state)

        def send(event: Json) -> None:
            dispatcher.spawn(dispatcher.send_event(payloads.event(event)))

        state.heralds.append(send)
        self.team_id = state.team.id
        self.answered = self._responses.handle
        self.type = composer.type
        self.share_file = composer.share_file
        self.press = interactions.press
        self.submit = interactions.submit
        self.close_view = interactions.close_view
        self.options = interactions.options
        self.open_home = interactions.open_home
        self.open_messages = interactions.open_messages
        self.use_shortcut = interactions.use_shortcut
        self.use_message_shortcut = interactions.use_message_shortcut
        self.archive = administration.archive
        self.unarchive = administration.unarchive
        self.rename = administration.rename
        self.restrict = administration.restrict
        self.delete = administration.delete
        self.change_person = administration.change_person

    @property
    def people(self) -> dict[str, Person]:
        """Return all people by id."""
        return self._state.people

    @property
    def channels(self) -> dict[str, Channel]:
        """Return all channels by id."""
        return self._state.channels

    @property
    def views(self) -> Views:
        """Return the open views by id."""
        return self._state.views

    @property
    def files(self) -> dict[str, File]:
        """Return all shared files by id."""
        return self._state.files

    @property
    def prompts(self) -> dict[str, Json]:
        """Return the app's suggested prompts by direct message: {title, prompts}."""
        return self._state.prompts

    @property
    def is_installed(self) -> bool:
        """Return whether the app is installed in this team."""
        return self._state.bot_token is not None

    @property
    def bot_token(self) -> str:
        """Return the bot token in this team; "" if the app is not installed."""
        return self._state.bot_token or ""

    def messages(
        self, channel: str, user: str | None = None, thread_ts: str | None = None
    ) -> list[Json]:
        """Return what *user* sees in a channel or thread, oldest first.

        Without *user*, ephemeral messages are left out.
        """
        seen = self._state.timeline(channel).seen_by(user, thread_ts)
        return [self._state.render(message) for message in seen]

    def home(self, user: str) -> Json | None:
        """Return *user*'s App Home, or None before one is published."""
        view = self._state.views.home(user)
        return view.as_slack() if view else None

    async def seen(
        self,
        channel: str,
        predicate: Callable[[Json], Any],
        user: str | None = None,
        thread_ts: str | None = None,
    ) -> Json:
        """Wait until *user* sees a message that satisfies *predicate*; return the first one."""
        return await self._state.signal.until(
            lambda: next(filter(predicate, self.messages(channel, user, thread_ts)), None)
        )

    def post_as(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        metadata: Json | None = None,
    ) -> Json:
        """Post a message as *user*, or as another app would for them; send the app no event."""
        where = self._state.channels[channel]
        message = self._composer.say(text, user=user, channel=where, thread_ts=thread_ts)
        message.metadata = metadata
        return self._state.render(message)

    def add_person(self, name: str, **about: Any) -> Person:
        """Add a person to the team; *about* are more fields of a `Person`.

        Their display name is the first word of *name*, in small letters.
        """
        person = Person(id=new_id("U"), name=name.split()[0].lower(), real_name=name, **about)
        self._state.add_person(person)
        return person

    def add_channel(
        self, name: str, *, kind: Kind = "public", members: Iterable[str] = ()
    ) -> Channel:
        """Create a channel."""
        return self._state.make_channel(name, kind, members)

    def invite(self, channel: str, user: str, *, by: str | None = None) -> None:
        """Add *user* to a channel; *by* is the person who does, None if they join themselves."""
        self._state.set_member(self._state.channels[channel], user, is_member=True, inviter=by)

    def remove(self, channel: str, user: str) -> None:
        """Remove *user* from a channel."""
        self._state.set_member(self._state.channels[channel], user, is_member=False)

"""/brief: find stories by a few words, and act on them with buttons."""

from dataclasses import dataclass

from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import where_of
from handlers.features.dependencies import Slack
from handlers.features.lookup import LookUp, in_time_for_ack, is_help
from handlers.features.schedule_list import ScheduleList
from handlers.mrkdwn import readable
from handlers.parsing.small_talk import SmallTalk
from handlers.slack.background import answer, dismiss
from handlers.slack.button_press import Press
from handlers.slack.payloads import SlashCommand
from handlers.views import story as views
from store import Store
from store.posting.posts import PostedBeforeError
from store.types import Article, TeamId, UserId


@dataclass(frozen=True, slots=True, eq=False)
class Brief:
    """The listeners for `/brief`, answered inside its ack, and for the buttons under a story."""

    store: Store
    slack: Slack
    lookup: LookUp
    schedules: ScheduleList

    async def command(
        self, command: SlashCommand, context: AsyncBoltContext, respond: AsyncRespond
    ) -> BoltResponse:
        """Show the best match, only to the person who asked."""
        words = readable(command.get("text") or "")
        where = where_of(command["channel_id"])
        if is_help(words):
            return BoltResponse(status=200, body={**self.lookup.help(where)})
        return await in_time_for_ack(self._answer(words, where, command, context, respond))

    async def _answer(
        self,
        words: str,
        where: str,
        command: SlashCommand,
        context: AsyncBoltContext,
        respond: AsyncRespond,
    ) -> BoltResponse:
        team_id, user_id = command["team_id"], command["user_id"]
        asked = await self.lookup.understood(words)
        if isinstance(asked, SmallTalk):
            self.slack.background.start(
                self._small_talk(asked, words, where, command, respond), respond
            )
            return BoltResponse(status=200, body="")
        words = asked
        found = await self.store.corpus.find(words)
        context["outcome"] = type(found).__name__.lower()
        is_admin = self.slack.directory.known_corpus_admin(team_id, user_id)
        article = None if is_admin is False else await self.lookup.writable(found)
        if article and is_admin is None:
            # An ack does not wait for Slack to say who is an admin.
            offer = self._offer_form(article, team_id, user_id, where, respond)
            self.slack.background.start(offer)
        can_write = article is not None and is_admin is True
        return self.lookup.ack(
            found, words=words, where=where, team_id=team_id, can_write=can_write
        )

    async def _small_talk(
        self, talk: SmallTalk, words: str, where: str, command: SlashCommand, respond: AsyncRespond
    ) -> None:
        of = command["team_id"], command["user_id"], command["channel_id"]
        examples = self.lookup.examples()
        shown = await self.schedules.small_talk(talk, *of, words, examples=examples, where=where)
        await answer(respond, shown)

    async def _offer_form(
        self,
        article: Article,
        team_id: TeamId,
        user_id: UserId,
        where: str,
        respond: AsyncRespond,
    ) -> None:
        """Send an admin the button that the answer to a command could not have yet."""
        if await self.slack.directory.is_corpus_admin(team_id, user_id):
            await answer(respond, views.question_offer(article, where=where))

    async def show(self, press: Press, respond: AsyncRespond) -> None:
        """Replace the answer with another match, or with the result for a suggested topic."""
        value = press.value
        is_admin = await self.slack.directory.is_corpus_admin(press.team_id, press.user_id)
        shown = await self.lookup.answer(
            value.words, place=value.place, where=value.where, is_admin=is_admin
        )
        await answer(respond, shown, replace=True)

    async def pick(self, press: Press, respond: AsyncRespond) -> None:
        """Show the story that the person picked from several."""
        article = await self.lookup.article(press.value.article_id)
        is_admin = await self.slack.directory.is_corpus_admin(press.team_id, press.user_id)
        can_write = is_admin and await self.store.questions.can_write(article)
        shown = views.picked(
            article,
            words=press.value.words,
            where=press.value.where,
            can_write=can_write,
            today=self.lookup.today,
        )
        await answer(respond, shown, replace=True)

    async def like(self, press: Press, respond: AsyncRespond) -> None:
        """Show similar stories."""
        value = press.value
        article = await self.lookup.article(value.article_id)
        shown = await self.lookup.like(
            article, words=value.words, place=value.place, where=value.where
        )
        await answer(respond, shown, replace=True)

    async def back(self, press: Press, respond: AsyncRespond) -> None:
        """Show what was there before: a match, a picked story, or the stories to pick from."""
        value = press.value
        is_match = await self.lookup.is_match(
            value.article_id, words=value.words, place=value.place
        )
        if value.article_id and not is_match:
            await self.pick(press, respond)
        else:
            await self.show(press, respond)

    async def read(self, press: Press, respond: AsyncRespond) -> None:
        """Show the next part of a long story below the current part."""
        article = await self.lookup.article(press.value.article_id)
        shown = views.more(article, page=press.value.place, where=press.value.where)
        await answer(respond, shown)

    async def ask(self, press: Press, respond: AsyncRespond) -> None:
        """Store a request for the topic, for admins to see."""
        words = press.value.words
        by = await self.slack.directory.colleague(press.team_id, press.user_id)
        team = await self.slack.teams.of(press.team_id)
        pseudonym = team.sign(f"ask for a topic {by.user_id}")
        await self.lookup.ask_for(words, by=by, pseudonym=pseudonym)
        await answer(respond, views.asked(words), replace=True)

    async def share(self, press: Press, respond: AsyncRespond) -> None:
        """Post the story where it was looked up, for everybody there, and remove the answer.

        If it was shared there before, say so first.
        """
        by = await self.slack.directory.colleague(press.team_id, press.user_id)
        article = await self.lookup.article(press.value.article_id)
        try:
            await self.slack.posting.share(press, article, respond, by=by)
        except PostedBeforeError as error:
            shown = views.shared_before(article, value=press.value, at=error.post.due_at)
            await answer(respond, shown, replace=True)
            return
        await dismiss(respond)

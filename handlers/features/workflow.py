"""Two steps for Workflow Builder: *Find a story* and *Pick a question* (docs.slack.dev: functions).

A step returns the texts of a story as outputs, for the later steps of the workflow.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.complete.async_complete import AsyncComplete
from slack_bolt.context.fail.async_fail import AsyncFail

from handlers.features.dependencies import Options, Slack
from handlers.features.discuss import Discuss
from handlers.features.lookup import LookUp
from handlers.ids import Step
from handlers.slack.error_replies import sentence
from handlers.slack.payloads import EventCallback
from handlers.views.titles import titled
from store import Store
from store.posting.record import NewPost
from store.types import (
    Article,
    ChannelId,
    Found,
    Nothing,
    ParleyError,
    PostKind,
    PostState,
    TeamId,
    Unsure,
)

Inputs = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Workflow:
    """The listeners for the workflow steps. A step that fails tells Slack why in a sentence."""

    store: Store
    slack: Slack
    options: Options
    lookup: LookUp
    discuss: Discuss

    def register(self, app: AsyncApp) -> None:
        """Listen to both steps."""
        app.function(Step.FIND_STORY)(self.find_story)
        app.function(Step.PICK_QUESTION)(self.pick_question)

    async def find_story(
        self, inputs: Inputs, body: EventCallback, complete: AsyncComplete, fail: AsyncFail
    ) -> None:
        """Complete the step with the story that the words find, if the match is certain."""
        found = self._find(inputs, team_id=body["team_id"])
        self.slack.background.start(_finish(found, complete, fail))

    async def pick_question(
        self, inputs: Inputs, body: EventCallback, complete: AsyncComplete, fail: AsyncFail
    ) -> None:
        """Complete the step with a question for a channel, and record it as asked there."""
        execution_id = body["event"]["function_execution_id"]
        picked = self._pick(inputs, team_id=body["team_id"], execution_id=execution_id)
        self.slack.background.start(_finish(picked, complete, fail))

    async def _find(self, inputs: Inputs, *, team_id: TeamId) -> Article:
        words = " ".join(str(inputs.get("words") or "").split())
        match await self.store.corpus.find(words, limit=1):
            case Found(matches=matches):
                return matches[0].article
            case Unsure(matches=matches):
                titles = "; ".join(
                    story.title for story in titled([match.article for match in matches])
                )
                raise ParleyError(f"I'm not sure what “{words}” means. Perhaps: {titles}")
            case Nothing():
                self.lookup.count_miss(team_id)
        raise ParleyError(f"I have no story on “{words}”.")

    async def _pick(self, inputs: Inputs, *, team_id: TeamId, execution_id: str) -> Article:
        channel_id = ChannelId(str(inputs["channel"]))
        words = " ".join(str(inputs.get("words") or "").split())
        key = f"{team_id}:{channel_id}:workflow:{execution_id}"
        # Slack may send the event again: the same run gets the same question.
        if (known := await self.store.posts.get(team_id, key)) and known.article_id:
            return await self.lookup.article(known.article_id)
        found = await self.discuss.question(team_id, channel_id, words=words, place=0)
        if isinstance(found, Nothing):
            raise ParleyError(f"I have no story on “{words}”.")
        now = self.options.clock()
        plan = NewPost(
            key=key,
            team_id=team_id,
            channel_id=channel_id,
            kind=PostKind.QUESTION,
            article_id=found.article.id,
            due_at=now,
            state=PostState.SENT,
        )
        await self.store.posts.plan(plan, now=now)
        return found.article


async def _finish(work: Awaitable[Article], complete: AsyncComplete, fail: AsyncFail) -> None:
    try:
        article = await work
    except Exception as error:  # noqa: BLE001 -- `sentence` logs it
        await fail(sentence(error))
        return
    await complete(
        {
            "headline": article.headline,
            "summary": article.summary,
            "insight": article.insight,
            "question": article.question,
        }
    )

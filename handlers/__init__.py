"""Slack listeners: they parse a request, query the store, render a message, and ack or respond.

`register` below is the complete list of listeners. Each feature is one file in `features`, with
its command and its buttons; `views` renders messages, `jobs` posts them, `ids` holds the names.
"""

import re

from slack_bolt.async_app import AsyncApp

from handlers.features.agent import Agent
from handlers.features.brief import Brief
from handlers.features.corpus import CorpusAdmin
from handlers.features.delete_post import DeletePost
from handlers.features.dependencies import Options, Slack
from handlers.features.digest import Digest
from handlers.features.discuss import Discuss
from handlers.features.home import Home
from handlers.features.lookup import LookUp
from handlers.features.mention import Mention
from handlers.features.questions import Questions
from handlers.features.schedule_actions import ScheduleActions
from handlers.features.schedule_form import ScheduleForm
from handlers.features.schedule_list import ScheduleList
from handlers.features.schedule_rights import ScheduleRights
from handlers.features.sources import SourcesAdmin
from handlers.features.spoken_orders import SpokenOrders
from handlers.features.start_discussion import DiscussionForm
from handlers.features.talk import Talk
from handlers.features.unknown_posts import UnknownPosts
from handlers.features.uploads import Uploads, is_upload
from handlers.features.welcome import Welcome, is_messages_tab
from handlers.features.which_schedule import WhichSchedule
from handlers.features.workflow import Workflow
from handlers.ids import Action, Command, Field, Modal, Shortcut
from handlers.parsing.sub_commands import CorpusWord
from handlers.slack.button_press import Pressed, acknowledge, on_press
from handlers.slack.error_replies import on_error
from store import Store


def register(app: AsyncApp, store: Store, slack: Slack, options: Options) -> None:
    """Register every listener, the most used first because Bolt tries them in order."""
    lookup = LookUp(store, options)
    discuss = Discuss(store, slack, lookup)
    discussion_form = DiscussionForm(slack, lookup, discuss)
    welcome = Welcome(store, slack, options, lookup)
    rights = ScheduleRights(slack.directory, options.anyone_may_skip)
    schedules = ScheduleList(store, slack, options, rights)
    brief = Brief(store, slack, lookup, schedules)
    actions = ScheduleActions(store, slack, options, rights)
    orders = SpokenOrders(store, slack, actions)
    mention = Mention(slack, lookup, orders, schedules)
    delete_post = DeletePost(store, slack, actions)
    unknown_posts = UnknownPosts(store, slack, options, actions)
    form = ScheduleForm(store, slack, options, actions)
    talk = Talk(store, slack, options)
    digest = Digest(
        store, slack, options, actions, WhichSchedule(actions), form, talk, orders, schedules
    )
    sources = SourcesAdmin(store, slack, options)
    corpus = CorpusAdmin(store, slack, options, sources)
    home = Home(store, slack, options, lookup, talk)
    questions = Questions(store, slack, options, lookup)
    uploads = Uploads(store, slack, options, sources)

    def pressed(
        action: str | re.Pattern[str], listener: Pressed, *, asks_presence: bool = True
    ) -> None:
        of = slack.background, slack.responders, slack.directory, listener
        app.block_action(action)(on_press(*of, asks_presence=asks_presence))

    app.command(str(Command.BRIEF))(brief.command)
    app.command(str(Command.DISCUSS))(discuss.command)
    app.command(str(Command.DIGEST))(digest.command)
    app.command(str(Command.CORPUS))(corpus.command)

    pressed(Action.BRIEF_NEXT, brief.show)
    pressed(re.compile(rf"^{Action.BRIEF_TOPIC}_\d+$"), brief.show)
    pressed(Action.BRIEF_PREVIOUS, brief.show)
    pressed(Action.BRIEF_BACK, brief.back)
    pressed(Action.BRIEF_PICK, brief.pick)
    pressed(Action.BRIEF_SHARE, brief.share)
    pressed(Action.BRIEF_LIKE, brief.like)
    pressed(Action.BRIEF_ASK, brief.ask)
    pressed(Action.STORY_READ, brief.read)
    app.block_action(Action.STORY_OPEN)(acknowledge)
    pressed(Action.BRIEF_DISCUSS, discuss.here)
    pressed(Action.DISCUSS_POST, discuss.post)
    pressed(Action.DISCUSS_ANOTHER, discuss.another)
    pressed(Action.DISCUSS_JOIN, discuss.join)
    pressed(Action.DISCUSS_START, discussion_form.start)
    pressed(Action.POST_MORE, actions.menu)
    pressed(Action.POST_AGAIN, unknown_posts.again)
    pressed(Action.POST_SEEN, unknown_posts.seen)
    # Owners and admins need not be in the channel.
    pressed(Action.DIGEST_RESUME, actions.resume_pressed, asks_presence=False)

    pressed(Action.DIGEST_SET, form.pressed)
    guess = re.compile(rf"^{Action.DIGEST_GUESS}(_\d+)?$")
    pressed(guess, digest.guessed, asks_presence=False)
    pressed(Action.DIGEST_CONFIRM, digest.confirmed, asks_presence=False)
    pressed(Action.DIGEST_JOIN, digest.joined)
    pressed(Action.DIGEST_CHANGE, digest.change)
    pressed(re.compile(rf"^{Action.DIGEST_PAGE}_\d+$"), digest.page)
    pressed(Action.HOME_SEARCH, home.search)
    pressed(re.compile(rf"^{Action.HOME_PAGE}_\d+$"), home.page)
    pressed(Action.CORPUS_MORE, corpus.menu)
    pressed(Action.CORPUS_CHECK, corpus.pressed(CorpusWord.CHECK))
    pressed(Action.CORPUS_UNDO, corpus.pressed(CorpusWord.UNDO))
    pressed(Action.CORPUS_RELOAD, corpus.pressed(CorpusWord.RELOAD))
    pressed(Action.CORPUS_ADD, uploads.add)
    pressed(Action.QUESTION_WRITE, questions.write)
    pressed(Action.QUESTION_NEXT, questions.write)
    pressed(Action.SOURCE_MORE, sources.menu)
    pressed(Action.SOURCE_REMOVE, sources.remove)

    if options.has_agent_view:
        Agent(lookup, slack).register(app)
    else:
        app.event("app_home_opened", matchers=[is_messages_tab])(welcome.opened)
    if options.has_workflow_steps:
        Workflow(store, slack, options, lookup, discuss).register(app)
    if slack.uninstalls:
        slack.uninstalls.register(app)
    app.event("app_home_opened")(home.opened)
    app.event("app_mention")(mention.mentioned)
    app.event("member_joined_channel")(welcome.joined)
    app.event("message", matchers=[is_upload])(uploads.shared)
    app.event("message")(mention.direct)
    app.shortcut(Shortcut.RELATED)(mention.related)
    app.shortcut(Shortcut.DELETE)(delete_post.shortcut)
    app.shortcut(Shortcut.DISCUSSION)(discussion_form.shortcut)
    app.options(Field.TOPICS)(form.topics)
    app.options(Field.ZONE)(form.zones)
    app.block_action(Field.KIND)(form.kind_chosen)
    app.view(Modal.SCHEDULE)(form.submitted)
    app.view(Modal.DELETE)(delete_post.confirmed)
    app.view(Modal.QUESTION)(questions.submitted)
    app.view(Modal.DISCUSSION)(discussion_form.submitted)
    app.view(Modal.DISCUSSION_PREVIEW)(discussion_form.confirmed)

    app.error(on_error)

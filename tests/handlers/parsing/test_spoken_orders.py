"""Orders in ordinary words, and the look-ups that contain the same words."""

from datetime import date, time

from handlers.parsing.dates import parse_posts, parse_until
from handlers.parsing.readings import UnclearError
from handlers.parsing.schedule_order import parse_order
from handlers.parsing.spoken_orders import SpokenOrder, Verb, spoken_order
from store.types import Order, PostKind, Timetable
from tests.machine import NOW

TODAY = NOW.date()
_BASE = Order(timetable=Timetable(at=time(), weekdays=frozenset(range(7)), zone="UTC"))
_ORDERS = """
    post a question in world-news every morning at 9 => on 09:00 daily @world-news
    set up a question every weekday at 10 => on 10:00 weekdays
    please send us a digest on fridays at 4pm => on 16:00 fri digest
    stop the questions here => off
    skip tomorrow => skip tomorrow
    move it to 10 => on 10:00
    can you post a question here every monday at 9:30? => on 09:30 mon
    I'd like a digest of 5 stories every friday at noon => on 12:00 fri digest 5
    could you please pause the questions until monday => pause until monday
    no question tomorrow please => skip tomorrow
    don't post on friday => skip friday
    stop posting in this channel => off
    cancel tomorrow's post => skip tomorrow
    turn off the daily question => off
    unsubscribe => off
    pause => pause
    resume the questions => resume
    please start posting again => resume
    change the time to 8:30 => on 08:30
    move the question to 11am => on 11:00
    send the digest at 5pm on thursdays instead => on 17:00 thu digest
    schedule a weekly digest for #general on monday at 8 => on 08:00 mon digest @general
    we want a question at 9am and not on weekends => on 09:00 weekdays
    ask us something every day at 15:00 => on 15:00 daily
    remind us to discuss the news every wednesday at 14:30 => on 14:30 wed
    start a daily question at half past nine => on 09:30 daily
    mute the bot for two weeks => pause for two weeks
    leave out the 24th of december => skip 24 dec
    skip the next two posts => skip next 2
    get us three stories every monday at 8 about turkey => on 08:00 mon digest 3 about turkey
    create a question every tuesday at 11 => on 11:00 tue
    hey parley, give us a question each morning at 8 => on 08:00 daily
    we'd love a friday digest at 3pm => on 15:00 fri digest
    add a question to #general at 9:15 on weekdays => on 09:15 weekdays @general
    please publish a digest in #random on mondays at 10 am => on 10:00 mon digest @random
    would you kindly stop sending us questions => off
    no more questions in here please => off
    shut up until next week => pause until next week
    can we skip the question on monday? => skip monday
    skip next week => skip next week
    drop friday's digest => skip friday
    do not post tomorrow => skip tomorrow
    stop the digest => off
    delete the schedule => off
    reschedule the question to 9:45 => on 09:45
    make it 4pm => on 16:00
    post it at 10 instead => on 10:00
    push it back to 11:30 => on 11:30
    pause everything until 5 january => pause until 5 jan
    hold the questions till wednesday => pause until wednesday
    snooze for a week => pause for a week
    unpause please => resume
    continue with the questions => resume
    switch off the questions in #general => off @general
    I want a question every day at 7 in the evening => on 19:00 daily
    let's have a question on tuesdays and thursdays at 13:00 => on 13:00 tue,thu
    bring us the news every morning at 8:30 => on 08:30 daily digest
    every friday at 4 post a digest of four stories => on 16:00 fri digest 4
    set up a digest about climate every monday at 9 => on 09:00 mon digest about climate
    questions every other monday at 10 please => on 10:00 every other monday
    please post the digest every friday afternoon at 3 => on 15:00 fri digest
    turn the questions off => off
    make the question come at 9:30 => on 09:30
    schedule a question for every tuesday at 14:00 about turkey => on 14:00 tue about turkey
    cancel the next question => skip
    drop the next digest please => skip
    stop the daily question => off
    on fridays at 4pm a digest => on 16:00 fri digest
    not on Christmas => skip 25 dec
    not on Fridays => on mon-thu,sat,sun
    no questions on weekends => on mon-fri
    stop posting on Fridays => on not fri
    only on Mondays and Thursdays => on mon,thu
    I meant 10:30 => on 10:30
    no, at 10:30 => on 10:30
    sorry, 9:45 => on 9:45
    I said Thursdays => on thu
    every other Tuesday at half past 3 instead => on 15:30 every other tuesday
    Thursdays at 2pm rather => on 14:00 thu
    we're off from 24 to 27 December, don't post => skip 24 to 27 dec
    we're closed on Friday, no post please => skip friday
    nobody is in on Friday => skip friday
    change timezone to London => on London
    set the timezone to Berlin => on Berlin
    also post on Fridays at 4pm => on 16:00 fri
    post on Tuesdays at 11 as well => on 11:00 tue
    and one on Sundays at 18:00 too => on 18:00 sun
    put a question in #random every Tuesday at 15:30 => on 15:30 tue @random
    Tuesdays and Fridays only => on tue,fri
    switch it off => off
    turn it off => off
    suspend the questions until monday => pause until monday
    silence the digest for a week => pause for a week
    omit friday => skip friday
    quit the questions => off
    unmute the questions => resume
    edit the question to 10:30 => on 10:30
    shift it to 11:00 => on 11:00
    postpone the question to 10:30 => on 10:30
    postpone the question until monday => pause until monday
    begin a question every day at 9:15 => on 09:15 daily
    stop it => off
    please stop this => off
    turn this thing off => off
    stop doing that => off
    make it stop now => off
    everyone hates this turn it off => off
    pause this until monday => pause until monday
    suspend these postings until 4 january 2027 => pause until 4 jan 2027
    skip tomorrow, we are short staffed => skip tomorrow
    skip tmrw were short staffed => skip tomorrow
    dont post tomorrow its a holiday => skip tomorrow
    we r off next week so no questions pls => skip next week
    no question on friday because our launch is on the 14th => skip friday
    it is quiet, so pause until monday => pause until monday
    skip 29 december to 3 january inclusive => skip 29 dec to 3 jan
    omit the posting of 23 december => skip 23 dec
    cease => off
    discontinue the daily question with immediate effect => off
    kindly resume on 5 january => pause until 5 jan
    refrain from posting on Japanese public holidays => on except holidays JP
    can you do it at 7:15 instead => on 7:15
    change it to 7p => on 19:00
    turn it back on => resume
    transfer ownership of this schedule to Ben => owner
    make Ben Miller the owner => owner
    hand the daily question over to <@U0BEN> => owner
    post a digest of three items every friday at 16:00 => on 16:00 fri digest 3
    this is annoying, stop it => off
    nobody needs this stop it => off
    everybody hates it: turn it off => off
    stop it, we are tired of it => off
    too many of them, stop the questions => off
    pause the questions, we are too busy => pause
    no, only on Mondays => on mon
    we have an offsite, skip friday => skip friday
    skip friday - company event => skip friday
    skip tomorrow (offsite) => skip tomorrow
    it is too early so move it to 10 => on 10:00
    nobody will be around on friday => skip friday
    no one is around until january => pause until january
    the office is closed on 24 December => skip 24 dec
    resume in two weeks => pause for two weeks
    unpause next monday => pause until next monday
    continue in january => pause until january
    just not on Fridays => on mon-thu,sat,sun
    cancel the question on 24 december => skip 24 dec
    move it from mondays to tuesdays => on tue
    change the question from 9:30 to 10 => on 10:00
    post it from monday to friday at 10 => on 10:00 mon-fri
    make me the owner of the schedule => owner
"""
"""Each sentence with the command that it means, and the channel that it names."""
_LOOKUPS = """
    questions about iran; digest of the war; stop the war; post office strike; skip the summit
    question of turkey's membership; move to ban tiktok; pause in fighting; resume talks
    cancel culture; start of the war; schedule of the peace talks; post-war reconstruction
    daily life in kyiv; morning attack on odesa; 9 killed at checkpoint; stop the boats
    question time; move embassy to jerusalem; end of the ceasefire; pause tariffs for 90 days
    hold elections; set up a buffer zone; send troops to ukraine; delete tweets
    change of government; cut off aid to gaza; off the coast of yemen; post a letter
    turn off russian gas; raise questions about the deal; washington post
    resume flights to tel aviv; put off the elections; cancel the summit with putin
    skip the funeral; send weapons to taiwan; no more war; stop sending arms to israel
    move troops to the border; pause on strikes until sunday
    pause strikes on energy until friday; add sanctions on oil; start talks on monday
    every day life under occupation; continue the offensive; hold fire until monday
    suspend aid until tuesday; digest; news at ten; schedule for the geneva meeting
    change the constitution; ask nato for help; mute swans; post reform every year
    the question of crimea; friday prayers at the mosque; skip generation; stop the clocks at 10
    make it to the final; silence; hold; kill; end; delete that post; remove your last message
    cancel the post; drop that message; delete it; remove the last question; no 10; no 2
    delete everything; remove the digest; delete the questions; cancel the last digest; drop 24
    not in my name; only on fox news; we're off to a bad start; sorry, not sorry
    drop a question in here; i meant what i said; nobody is in charge; actually existing socialism
    no fly zone; put out fire; everyone is out of work; one on one; turn of the century
    no weekends for doctors; stop the war, we are tired; skip, hop and jump; how to stop it
    end of this; what is this, stop that noise; pause, he said; do it like beckham
    a question at 11 every day but not on friday, saturday or sunday; discontinued lines
    resume on a plane; things fall apart; hand over power to the army
    new owner of tiktok; transfer ownership of tiktok to oracle; resume from berlin
    antisemitism and how to stop it; inflation and why nobody can stop it; no one can stop it
    the coup and who could stop it; AI and the people who want to turn it off
    war in ukraine, stop it; cyber bullying, how to stop this; war crimes, stop them
    please never stop it; don't stop it; i do not want to stop it; I would hate to stop it
    nobody wants to stop this; don't you dare stop it; there is no way to stop it
    please don't ever turn it off; never switch it off; it was pointless to stop it
    everyone hates this war, stop it; they shouted: stop it; they said stop it
    if nobody answers, stop the questions; unless it is urgent, stop the questions
    if it rains, stop it; they said, stop the questions; once we are done, move it to 10
    pause the questions as soon as we are away; stop the questions, but keep the digest
    stop the questions, not the digest; skip friday, unless it rains
    pause it, we are on vacation until Jan 4; stop the questions, we are off on friday
    stop the digest - it should stay; skip tomorrow, if nobody objects
    stop it, we are back on monday
    stop it, war in sudan; stop this - genocide in darfur
    no one is safe; no friday is like another; no christmas is perfect
    no more questions is the answer; no monday was so quiet; skip friday were told
    nobody is off on friday; nobody is out on monday; no one is away on 24 December
    nobody is off until january; actually we're in on friday; only we are in on friday
    we are around on monday, sorry; everybody is here on monday
    not only on mondays; no question only on mondays; not every friday; not just on weekends
    end it on 24 december; end it on friday; stop the digest on friday; turn it off on monday
    pause until friday at 10; resume it at 10 tomorrow; resume at 9:30; hold it until 9 on monday
    move it to 10:30 this friday; delay it until friday at 10; postpone it to 5 this tuesday
    get rid of this question; end that digest; cancel; drop; remove; delete; continue; no more
"""


def _meanings(verb: str, words: str) -> list[Order | int | date | tuple[date, ...]]:
    """Return what the command can mean."""
    try:
        if verb in ("on", "move"):
            base = _BASE if verb == "move" else None
            return [parse_order(words, zone="UTC", today=TODAY, base=base)]
        if verb == "pause" and words:
            return [parse_until(words, today=TODAY)]
        posts = parse_posts(words, today=TODAY)
        return [posts if isinstance(posts, int) else tuple(posts)]
    except UnclearError as error:
        return [*error.readings]


def _with_kind(order: SpokenOrder) -> str:
    is_digest = order.verb is Verb.MOVE and order.kind is PostKind.DIGEST
    return f"{order.words} digest" if is_digest else order.words


def test_orders() -> None:
    for line in _ORDERS.strip().splitlines():
        typed, _, meant = line.strip().partition(" => ")
        command, _, channel = meant.partition(" @")
        verb, _, words = command.partition(" ")
        order = spoken_order(typed, today=TODAY)
        assert order, line
        said = "on" if order.verb is Verb.MOVE else order.verb
        assert (said, order.channel_name) == (verb, channel), line
        expected = _meanings(order.verb, words)[0]
        assert expected in _meanings(order.verb, _with_kind(order)), line


def test_look_ups_stay_look_ups() -> None:
    typed = [one.strip() for one in _LOOKUPS.replace("\n", ";").split(";") if one.strip()]
    assert [one for one in typed if spoken_order(one, today=TODAY)] == []


def test_a_linked_channel_is_known_by_its_id() -> None:
    for said in ("post a question in <#C1|news> daily at 9", "post a question daily at 9 to <#C1>"):
        order = spoken_order(said, today=TODAY)
        assert order
        assert (order.channel_id, order.channel_name, order.words) == ("C1", "", "daily at 9")


def test_a_new_owner_is_sure_if_a_person_or_a_schedule_is_named() -> None:
    for said in (
        "make <@U0BEN> the owner",
        "hand it over to <@U0BEN>",
        "make me owner of the digest",
    ):
        order = spoken_order(said, today=TODAY)
        assert order
        assert not order.is_alone
    for said in ("make Elon Musk owner", "hand it over to the courts", "give ownership to workers"):
        order = spoken_order(said, today=TODAY)
        assert order
        assert order.is_alone

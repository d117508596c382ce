// Formats dates as Slack does, in a person's time zone (docs.slack.dev: formatting message text).

const formats = new Map();

function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key);
}

function parts(at, zone, options) {
  return Object.fromEntries(format(zone, options).formatToParts(at).map((part) => [part.type, part.value]));
}

export function timeOf(at, zone, withSeconds = false) {
  const seconds = withSeconds ? { second: "2-digit" } : {};
  return format(zone, { hour: "2-digit", minute: "2-digit", ...seconds }).format(at);
}

// Returns an ISO date such as "2026-11-24", which sorts and compares as text.
export function dayOf(at, zone) {
  const { year, month, day } = parts(at, zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  return `${year}-${month}-${day}`;
}

// Joins the parts itself, because browsers disagree about the punctuation between them.
export function longDay(at, zone) {
  const { weekday, day, month } = parts(at, zone, { weekday: "long", day: "numeric", month: "long" });
  return `${weekday} ${day} ${month}`;
}

export function shortInstant(at, zone) {
  const { weekday, day, month } = parts(at, zone, { weekday: "short", day: "numeric", month: "short" });
  return `${weekday} ${day} ${month}, ${timeOf(at, zone)}`;
}

// Returns the whole date and time with the name of the zone, as Slack shows them on hover.
export function longInstant(at, zone) {
  const { year } = parts(at, zone, { year: "numeric" });
  return `${longDay(at, zone)} ${year}, ${timeOf(at, zone, true)} (${zone})`;
}

function ordinal(day) {
  const teens = day % 100 > 10 && day % 100 < 14;
  return day + (teens ? "th" : ["th", "st", "nd", "rd"][day % 10] || "th");
}

function writtenDate(at, zone, { month, weekday = false }) {
  const date = parts(at, zone, { weekday: "long", month, day: "numeric", year: "numeric" });
  const day = month === "long" ? ordinal(Number(date.day)) : date.day;
  return `${weekday ? `${date.weekday}, ` : ""}${date.month} ${day}, ${date.year}`;
}

function relativeDay(at, zone, now, fallback) {
  const days = Math.round((Date.parse(dayOf(at, zone)) - Date.parse(dayOf(now, zone))) / 86_400_000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? fallback;
}

function relativeTime(at, now) {
  const seconds = Math.round((at - now) / 1000);
  const formatter = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });
  const distance = Math.abs(seconds);
  if (distance >= 86_400) return formatter.format(Math.trunc(seconds / 86_400), "day");
  if (distance >= 3600) return formatter.format(Math.trunc(seconds / 3600), "hour");
  if (distance >= 60) return formatter.format(Math.trunc(seconds / 60), "minute");
  return formatter.format(seconds, "second");
}

// Replaces the tokens of a <!date^…>. *at* and *now* are milliseconds since 1970.
export function slackDate(tokens, at, zone, now) {
  const long = writtenDate(at, zone, { month: "long" });
  const short = writtenDate(at, zone, { month: "short" });
  const full = writtenDate(at, zone, { month: "long", weekday: true });
  const values = {
    date_num: dayOf(at, zone),
    date_slash: dayOf(at, zone).replaceAll("-", "/"),
    date: long,
    date_short: short,
    date_long: full,
    date_pretty: relativeDay(at, zone, now, long),
    date_short_pretty: relativeDay(at, zone, now, short),
    date_long_pretty: relativeDay(at, zone, now, full),
    time: timeOf(at, zone),
    time_secs: timeOf(at, zone, true),
    ago: relativeTime(at, now),
  };
  return tokens.replace(/\{(\w+)\}/g, (token, name) => values[name] ?? token);
}

// Returns the instant at which the local time in *zone* is *day*, *time* ("2026-11-24", "09:30").
export function instantOf(day, time, zone) {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  let at = wanted;
  // The first pass may use the offset from before or after a clock change; the second corrects it.
  for (let i = 0; i < 2; i += 1) {
    const shown = Date.parse(`${dayOf(at, zone)}T${timeOf(at, zone, true)}Z`);
    at += wanted - shown;
  }
  return at;
}

// Returns the first instant after *now* at which the local time in *zone* is *time*.
export function nextAt(time, zone, now) {
  const today = instantOf(dayOf(now, zone), time, zone);
  return today > now ? today : instantOf(dayOf(now + 86_400_000, zone), time, zone);
}

// Which of Slack's types each payload must have. Only types: nothing of this runs.
import type { Block, Option, OptionGroup, View as AnyView } from "@slack/types";
import type { ChatPostMessageArguments, WebClient } from "@slack/web-api";

// Slack's types take any object with a `type` as a block of a future kind. Without that `Block`, an
// unknown or misspelt type is an error, at every depth.
type Known<T> = T extends Block ? (Block extends T ? never : Inside<T>) : Inside<T>;
type Inside<T> = T extends object ? { [K in keyof T]: Known<T[K]> } : T;

type At<T, Path extends string> = Path extends `${infer Head}.${infer Rest}`
  ? Head extends keyof T ? At<T[Head], Rest> : unknown
  : Path extends keyof T ? T[Path] : unknown;
export interface NoSuchMethod { "a method of Slack's Web API": never }

/** The arguments of a method of the Web API, such as "chat.postMessage". */
export type Call<Method extends string> =
  At<WebClient, Method> extends (options: infer Arguments) => unknown
    ? Known<NonNullable<Arguments>> & AddedBySdk
    : NoSuchMethod;
// Slack's Python SDK adds the team to every call that a listener makes, needed or not.
interface AddedBySdk { team_id?: string }

type Text<V> = V extends boolean ? "0" | "1" | "true" | "false" : V extends number ? `${number}` : V;
/** Arguments that came as a form or in the query, where each number and boolean is text. */
export type Form<T> = { [K in keyof T]: Text<T[K]> };

type Without<T, K extends PropertyKey> = T extends T ? Omit<T, K> : never;
/** What a response_url takes, or the ack of a slash command. */
export type Message = Known<Without<ChatPostMessageArguments, "channel" | "text" | "token">> & {
  text?: string;
  response_type?: "ephemeral" | "in_channel";
  replace_original?: boolean;
  delete_original?: boolean;
};

export type View = Known<AnyView>;

/** The ack of a modal's submission. */
export type Submission =
  | { response_action: "clear" }
  | { response_action: "errors"; errors: Record<string, string> }
  | { response_action: "update" | "push"; view: View };

/** The ack of what somebody types into a select whose options the app offers. */
export type Suggestions = { options: Option[] } | { option_groups: OptionGroup[] };

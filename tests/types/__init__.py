"""What the tests send, checked by `tsc` against Slack's own TypeScript types: `make types`.

`recording` collects each payload while the tests run, `checking` writes it as TypeScript and reads
what `tsc` says, `slack.ts` says which of Slack's types each payload must have, and `package.json`
has the exact versions of these types and of `tsc`.
"""

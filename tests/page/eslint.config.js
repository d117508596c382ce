// Rules for bot/workspace/static. `make lint-page` copies this file to .venv/page, where its imports are.

import js from "@eslint/js";
import globals from "globals";

const message = "Build elements with el() in dom.js: the page never parses HTML.";
const parsers = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "srcdoc"];

export default [
  js.configs.recommended,
  {
    languageOptions: { globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-undef": "error",
      "no-unused-vars": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-properties": [
        "error",
        ...parsers.map((property) => ({ property, message })),
        { object: "document", property: "write", message },
      ],
    },
  },
];

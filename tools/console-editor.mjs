// Owns which parts of CodeMirror the console's editor is made of. Leaves putting them together to
// src/onrecord/site/assets/console-editor.js, and bundling them to vendor.mjs.

export { EditorState, StateEffect } from "@codemirror/state";
export {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
  placeholder,
} from "@codemirror/view";
export { HighlightStyle, bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
export { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, startCompletion } from "@codemirror/autocomplete";
export { lintGutter, setDiagnostics } from "@codemirror/lint";
export { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
export { styleTags, tags } from "@lezer/highlight";
export { SparqlLanguage } from "codemirror-lang-sparql";

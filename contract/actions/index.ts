/**
 * The actions: what a document may ask of a call, one file for each. Both shapes of an action, shorthand and
 * typed, become one at this door, and a document is checked as a whole before anything of it runs.
 */
export { type CheckOptions, checkDocument, checkDocumentText, type Verdict } from './document.ts';
export { ACTION_TYPES, ACTIONS, type Action, type ActionOf, type ActionType } from './table.ts';

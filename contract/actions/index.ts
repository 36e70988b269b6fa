/**
 * The actions: what an application can do with a call. An action can be written in two forms, shorthand and typed; the
 * check of a document converts both to one, and checks the whole document before any of its actions run.
 */
export {
  type CheckOptions,
  checkDocument,
  checkDocumentText,
  MAX_ACTIONS,
  MAX_DOCUMENT_BYTES,
  type Verdict,
} from './document.ts';
export { ACTION_TYPES, ACTIONS, type Action, type ActionOf, type ActionType } from './table.ts';

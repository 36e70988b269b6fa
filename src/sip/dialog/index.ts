export { type Dialog, type DialogEnd, DialogTable, type PendingBye, type RequestHook } from './dialog.ts';
export { DialogState } from './dialog-state.ts';
export { InviteAttempt } from './invite-attempt.ts';
export { InviteDialog } from './invite-dialog.ts';
export { PrackClient, ReliableProvisionals } from './reliable-provisionals.ts';
export { targetOf, withoutPrivateHops } from './remote-target.ts';
export { acceptedInterval, intervalHeaders, negotiateInterval, readInterval } from './session-timer.ts';

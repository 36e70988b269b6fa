export type { Dialog, DialogEnd, PendingBye, RequestHook } from './dialog.ts';
export { DialogState, targetOf } from './dialog-state.ts';
export { Dialogs } from './dialogs.ts';
export { InviteAttempt } from './invite-attempt.ts';
export { InviteDialog } from './invite-dialog.ts';
export { ProvisionalAcks } from './provisional-acks.ts';
export { ReliableProvisionals } from './reliable-provisionals.ts';
export { agreedFields, agreeInterval, learnInterval, readInterval } from './session-interval.ts';
export { reachableFrom } from './whereabouts.ts';

import type { Flows } from '../actions/index.ts';
import type { LiveCalls } from '../api/index.ts';
import type { Session, Switchboard } from '../calls/index.ts';
import type { CallRecordings } from '../recordings/index.ts';

/** What REST can do with the calls that are alive, said in the terms of the rooms that do it. */
export function liveCalls(
  switchboard: Switchboard,
  flows: Flows,
  recordingsOf: (session: Session) => CallRecordings,
): LiveCalls {
  return {
    get size() {
      return switchboard.size;
    },
    has: (callId) => switchboard.session(callId) !== undefined,
    hangup: (callId) => switchboard.hangup(callId),
    perform: (callId, actions) => flows.takeOver(callId, actions),
    recordings(callId) {
      const session = switchboard.session(callId);
      return session && recordingsOf(session);
    },
  };
}

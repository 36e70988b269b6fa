import type { ActionOf } from '../../../contract/actions/index.ts';
import { sleep } from '../../core/index.ts';
import type { Flow, Perform } from '../flow.ts';

/** Pauses between digits, in milliseconds. */
const WAITS: Record<string, number> = { w: 500, W: 1000, ',': 1000 };

/** Sends DTMF digits to the caller's side, with pauses between them. */
export const sendDigits: Perform<'send_digits'> = async (action, flow) => {
  const by = {};
  // Sensitive digits stay sensitive with pauses between them.
  const isSensitive = flow.session.isSensitive(action.digits.replace(/[wW,]/g, ''));
  if (isSensitive) flow.session.holdBack('caller', true, by);
  try {
    await send(action, flow);
  } finally {
    if (isSensitive) flow.session.holdBack('caller', false, by);
  }
};

async function send(action: ActionOf<'send_digits'>, flow: Flow): Promise<void> {
  const { clock } = flow.services;
  await sleep(clock, action.pauseBeforeMs, flow.signal);
  for (const part of action.digits.match(/[wW,]|[^wW,]+/g) ?? []) {
    const wait = WAITS[part];
    if (wait) await sleep(clock, wait, flow.signal);
    else await flow.leg.sound.sendDigits(part, flow.signal);
  }
}

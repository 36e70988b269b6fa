import type { ActionOf } from '../../../contract/actions/index.ts';
import { sleep } from '../../core/index.ts';
import type { Flow, Perform } from '../flow.ts';

/** Milliseconds that each letter of waiting stands for. */
const WAITS: Record<string, number> = { w: 500, W: 1000, ',': 1000 };

/** Presses keys towards the far end, with pauses between them. */
export const sendDigits: Perform<'send_digits'> = async (action, flow) => {
  const by = {};
  // Pauses between the keys do not make them less secret.
  const isSensitive = flow.session.isSensitive(action.digits.replace(/[wW,]/g, ''));
  if (isSensitive) flow.session.hush('caller', true, by);
  try {
    await send(action, flow);
  } finally {
    if (isSensitive) flow.session.hush('caller', false, by);
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

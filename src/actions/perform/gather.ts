import type { ActionOf } from '../../../contract/actions/index.ts';
import type { Timer } from '../../core/index.ts';
import { type Flow, type Gathered, maskDigits, type Perform } from '../flow.ts';
import { speak } from '../playback.ts';
import type { KeyListener } from '../type-ahead.ts';

type Gather = ActionOf<'gather'>;

/** Speaks the prompt, collects digits, and reports them as `call.gathered`. */
export const gather: Perform<'gather'> = async (action, flow) => {
  if (action.sensitive) flow.session.holdBack('caller', true);
  try {
    const gathered = await collect(action, flow);
    if (action.sensitive) flow.session.addSensitive(gathered.digits);
    flow.gathered = gathered;
    flow.hasSensitiveDigits = action.sensitive;
    const reported = action.sensitive ? sealed(gathered, flow) : gathered;
    const { sealed_digits: _, ...noted } = reported as Record<string, unknown>;
    flow.session.note('gather', noted);
    await flow.session.report('call.gathered', { ...reported, ...rules(action) });
  } finally {
    if (action.sensitive) flow.session.holdBack('caller', false);
  }
};

/**
 * The result with masked digits. If the application has a `webhook_url`, the digits are also in it, sealed for delivery
 * to this URL only.
 */
function sealed({ digits, ...rest }: Gathered, { services, session }: Flow): Record<string, unknown> {
  const url = services.settings(session.record.applicationId)?.webhookUrl;
  const sealedDigits = url ? { sealed_digits: services.seal(JSON.stringify({ digits, url })) } : {};
  return { digits: maskDigits(digits), ...sealedDigits, ...rest };
}

function rules(action: Gather): Record<string, unknown> {
  return {
    min_digits: action.minDigits,
    max_digits: action.maxDigits,
    timeout_seconds: action.timeoutSeconds,
    finish_on_key: action.finishOnKey ?? null,
  };
}

/** Digits count during the prompt, too: the first one stops it. The timeout starts when the prompt has ended. */
async function collect(action: Gather, flow: Flow): Promise<Gathered> {
  const collector = new Collector(action, flow);
  try {
    if (action.prompt && !collector.pressed.aborted) await speak(flow, action.prompt, {}, collector.pressed);
    collector.startTimer();
    return await collector.result;
  } finally {
    collector.close();
  }
}

/** Collects digits until there are enough, or the time is up. */
class Collector implements KeyListener {
  readonly result: Promise<Gathered>;
  #digits = '';
  #action: Gather;
  #flow: Flow;
  #timer: Timer | undefined;
  #pressed = new AbortController();
  #finished = false;
  #disposers: (() => void)[] = [];
  #resolve!: (gathered: Gathered) => void;

  constructor(action: Gather, flow: Flow) {
    this.#action = action;
    this.#flow = flow;
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const canceled = () => this.#finish('canceled', false);
    flow.signal.addEventListener('abort', canceled, { once: true });
    this.#disposers = [
      flow.keys.deliverTo(this),
      () => flow.signal.removeEventListener('abort', canceled),
      () => this.#timer?.cancel(),
    ];
    this.#takeBuffered();
  }

  /** Aborted by the first key, and when the flow is interrupted. */
  get pressed(): AbortSignal {
    return AbortSignal.any([this.#pressed.signal, this.#flow.signal]);
  }

  /** Restarts the timeout, unless a key is held down: that key still counts. */
  startTimer(): void {
    this.#timer?.cancel();
    if (this.#finished || this.#flow.keys.held) return;
    this.#timer = this.#flow.services.clock.after(this.#action.timeoutSeconds * 1000, () => {
      const enough = this.#digits.length >= this.#action.minDigits;
      this.#finish(enough ? 'completed' : 'timed_out', true);
    });
  }

  close(): void {
    for (const dispose of this.#disposers) dispose();
  }

  hold(down: boolean): void {
    if (down) {
      this.#pressed.abort();
      this.#timer?.cancel();
    } else this.startTimer();
  }

  press(digit: string): void {
    const { minDigits, maxDigits, finishOnKey } = this.#action;
    this.#pressed.abort();
    if (digit === finishOnKey) {
      if (this.#digits.length >= minDigits) this.#finish('completed', false);
      else this.startTimer();
      return;
    }
    this.#digits += digit;
    if (this.#digits.length < maxDigits) {
      this.startTimer();
      return;
    }
    this.#finish('completed', false);
    // Callers press the finish key although the maximum number of digits completed the gather.
    if (finishOnKey !== undefined) this.#flow.keys.drop(finishOnKey);
  }

  /** Takes the buffered keys that this gather needs and leaves the rest for the next one. */
  #takeBuffered(): void {
    const { keys } = this.#flow;
    if (this.#action.flush) keys.flush();
    if (keys.held) this.#pressed.abort();
    while (!this.#finished) {
      const digit = keys.next();
      if (digit === undefined) return;
      this.press(digit);
    }
  }

  #finish(status: Gathered['status'], timedOut: boolean): void {
    this.#finished = true;
    this.close();
    this.#resolve({ digits: this.#digits, status, timed_out: timedOut });
  }
}

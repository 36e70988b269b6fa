import type { ActionOf } from '../../../contract/actions/index.ts';
import type { Timer } from '../../core/index.ts';
import type { Flow, Gathered, Perform } from '../flow.ts';
import { speak } from '../speech.ts';
import type { KeyTaker } from '../type-ahead.ts';

type Gather = ActionOf<'gather'>;

/** Speaks the prompt, then listens for digits; reports what was heard as `call.gathered`. */
export const gather: Perform<'gather'> = async (action, flow) => {
  if (action.sensitive) flow.session.hush('caller', true);
  try {
    const gathered = await listen(action, flow);
    if (action.sensitive) flow.session.addSensitive(gathered.digits);
    flow.gathered = gathered;
    flow.gatheredInSecret = action.sensitive;
    const told = action.sensitive ? secretly(gathered, flow) : gathered;
    const { sealed_digits: _sealed, ...shown } = told as Record<string, unknown>;
    flow.session.note('gather', shown);
    await flow.session.report('call.gathered', { ...told, ...rules(action) });
  } finally {
    if (action.sensitive) flow.session.hush('caller', false);
  }
};

/**
 * Sensitive digits are masked wherever the event is kept; only the `webhook_url` of this moment is sent what is
 * sealed, and without one nothing is sealed.
 */
function secretly({ digits, ...rest }: Gathered, { services, session }: Flow): Record<string, unknown> {
  const url = services.settings(session.record.applicationId)?.webhookUrl;
  const sealed = url ? { sealed_digits: services.seal(JSON.stringify({ digits, url })) } : {};
  return { digits: masked(digits), ...sealed, ...rest };
}

/** As many stars as there are digits. */
export const masked = (digits: string): string => '*'.repeat(digits.length);

function rules(action: Gather): Record<string, unknown> {
  return {
    min_digits: action.minDigits,
    max_digits: action.maxDigits,
    timeout_seconds: action.timeoutSeconds,
    finish_on_key: action.finishOnKey ?? null,
  };
}

/** Digits count from the first moment; the first one stops the prompt. The time runs when nothing is spoken. */
async function listen(action: Gather, flow: Flow): Promise<Gathered> {
  const collector = new Collector(action, flow);
  try {
    if (action.prompt && !collector.pressed.aborted) await speak(flow, action.prompt, {}, collector.pressed);
    collector.startTimer();
    return await collector.result;
  } finally {
    collector.close();
  }
}

class Collector implements KeyTaker {
  readonly result: Promise<Gathered>;
  #digits = '';
  #action: Gather;
  #flow: Flow;
  #timer: Timer | undefined;
  #pressed = new AbortController();
  #finished = false;
  #close: (() => void)[] = [];
  #resolve!: (gathered: Gathered) => void;

  constructor(action: Gather, flow: Flow) {
    this.#action = action;
    this.#flow = flow;
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const canceled = () => this.#finish('canceled', false);
    flow.signal.addEventListener('abort', canceled, { once: true });
    this.#close = [
      flow.keys.take(this),
      () => flow.signal.removeEventListener('abort', canceled),
      () => this.#timer?.cancel(),
    ];
    this.#takeKept();
  }

  /** Aborted by the first key, and when the call ends. */
  get pressed(): AbortSignal {
    return AbortSignal.any([this.#pressed.signal, this.#flow.signal]);
  }

  /** The time runs from now, and anew from each digit; not while a key is down, for that one still counts. */
  startTimer(): void {
    this.#timer?.cancel();
    if (this.#finished || this.#flow.keys.held) return;
    this.#timer = this.#flow.services.clock.after(this.#action.timeoutSeconds * 1000, () => {
      const enough = this.#digits.length >= this.#action.minDigits;
      this.#finish(enough ? 'completed' : 'timed_out', true);
    });
  }

  close(): void {
    for (const close of this.#close) close();
  }

  held(down: boolean): void {
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
    // Who was told to finish with a key does so, though it is not needed.
    if (finishOnKey !== undefined) this.#flow.keys.drop(finishOnKey);
  }

  /** Takes what was pressed before, as far as it is wanted: the rest is for the next gather. */
  #takeKept(): void {
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

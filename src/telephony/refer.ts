import { detach, Failure } from '../core/index.ts';
import { cseqOf, type Dialog, type Reply, type SipRequest, type SipResponse } from '../sip/index.ts';

/** For each dialog, the CSeqs of REFERs that are over. Late reports about them are ignored. */
const finished = new WeakMap<Dialog, Set<string>>();

/**
 * Asks the far end to call the target itself (RFC 3515).
 *
 * Resolves when the far end reports a 2xx of that call, or accepts and then hangs up, or accepts without a
 * subscription. Rejects with `transfer_failed` when the far end refuses, when its call fails, and when its reports end
 * without a result; with the signal's reason when aborted. The signal is the only time limit.
 */
export async function referTo(dialog: Dialog, target: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const reference = new Reference(dialog);
  const abort = () => reference.fail(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  detach('telephony.refer', reference.ask(target), (error) => reference.fail(error));
  try {
    await reference.outcome;
  } finally {
    signal.removeEventListener('abort', abort);
    reference.close();
  }
}

/** One REFER and its implicit subscription. */
class Reference {
  readonly outcome: Promise<void>;
  fail!: (reason: unknown) => void;
  #succeed!: () => void;
  #dialog: Dialog;
  #accepted = false;
  /** The CSeq of the REFER, which identifies the subscription (RFC 3515 §2.4.6). */
  #id: string | undefined;

  constructor(dialog: Dialog) {
    this.#dialog = dialog;
    this.outcome = new Promise((resolve, reject) => {
      this.#succeed = resolve;
      this.fail = reject;
    });
    // A NOTIFY may come before the response to the REFER (RFC 3515 §2.4.4).
    dialog.onNotify = (request) => this.#notified(request);
    detach(
      'telephony.refer',
      dialog.ended.then(({ by }) => {
        // RFC 5589 §6.1: a far end that has accepted may hang up without a report.
        if (by === 'remote' && this.#accepted) this.#succeed();
        else this.fail(new Failure('call_ended', 'The call has ended.'));
      }),
    );
  }

  async ask(target: string): Promise<void> {
    const response = await this.#dialog.refer(target);
    if (response.status >= 300) {
      this.fail(failed(`the far end refused the transfer with ${response.status}`));
      return;
    }
    this.#accepted = true;
    this.#id = String(cseqOf(response).number);
    if (!reports(response)) this.#succeed();
  }

  /** Keeps answering reports with 200: a 481 would end the whole call at some far ends (RFC 5057). */
  close(): void {
    const ids = finished.get(this.#dialog) ?? new Set();
    finished.set(this.#dialog, ids);
    if (this.#id !== undefined) ids.add(this.#id);
  }

  #notified(request: SipRequest): Reply | undefined {
    const [name = '', ...params] = (request.headers.get('Event') ?? 'refer')
      .split(';')
      .map((each) => each.trim());
    if (name.toLowerCase() !== 'refer') return { status: 489, headers: [['Allow-Events', 'refer']] };
    const id = params.find((each) => /^id\s*=/i.test(each))?.replace(/^id\s*=\s*/i, '');
    if (id !== undefined && finished.get(this.#dialog)?.has(id)) return undefined;
    this.#accepted = true;
    const status = sipfragStatus(request);
    if (status >= 300) this.fail(failed(`the far end's call was refused with ${status}`));
    else if (status >= 200) this.#succeed();
    else if (/^\s*terminated\b/i.test(request.headers.get('Subscription-State') ?? ''))
      this.fail(failed('the far end ended its reports without a result'));
    return undefined;
  }
}

const failed = (message: string) => new Failure('transfer_failed', message);

/** Whether the far end will report. With `Refer-Sub: false` it accepts without a subscription (RFC 4488 §4). */
const reports = ({ headers }: SipResponse): boolean => !/^\s*false\b/i.test(headers.get('Refer-Sub') ?? '');

/**
 * The status of the first status line in the body, of any content type; 0 if there is none. Some far ends send blank
 * lines or other fields before it, or LF instead of CR LF.
 */
function sipfragStatus({ body }: SipRequest): number {
  return Number(/^[ \t]*SIP\/2\.0[ \t]+([1-6]\d\d)\b/im.exec(body.toString('latin1'))?.[1] ?? 0);
}

import { detach, Failure } from '../core/index.ts';
import { cseqOf, type Dialog, type Reply, type SipRequest, type SipResponse } from '../sip/index.ts';

/** By dialog: the CSeq of every REFER that is over, for what is still reported of its call decides nothing. */
const former = new WeakMap<Dialog, Set<string>>();

/**
 * Asks the far end to call the target itself (RFC 3515). Resolves when it has: it reports a 2xx of that call, or it
 * has accepted and then hangs up, or says that it will not report. Rejects with `transfer_failed` when it refuses,
 * when its call fails, and when its report ends without a result; with the signal's reason when aborted, which is
 * also what limits the time.
 */
export async function referTo(dialog: Dialog, target: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const reference = new Reference(dialog);
  const abort = () => reference.fail(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  detach('refer', reference.ask(target), (error) => reference.fail(error));
  try {
    await reference.outcome;
  } finally {
    signal.removeEventListener('abort', abort);
    reference.close();
  }
}

/** One REFER, and the implicit subscription to what comes of it. */
class Reference {
  readonly outcome: Promise<void>;
  fail!: (reason: unknown) => void;
  #succeed!: () => void;
  #dialog: Dialog;
  #accepted = false;
  /** RFC 3515 §2.4.6: the CSeq of the REFER, which names the subscription. */
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
      'refer.ended',
      dialog.ended.then(({ by }) => {
        // RFC 5589 §6.1: whoever has accepted may hang up without a report.
        if (by === 'remote' && this.#accepted) this.#succeed();
        else this.fail(new Failure('call_ended', 'The call has ended.'));
      }),
    );
  }

  async ask(target: string): Promise<void> {
    const response = await this.#dialog.refer(target);
    if (response.status >= 300) {
      this.fail(failed(`the far end refused to transfer, with ${response.status}`));
      return;
    }
    this.#accepted = true;
    this.#id = String(cseqOf(response).number);
    if (!reports(response)) this.#succeed();
  }

  /** Answers what is still reported as before: a 481 would end the whole call at some far ends (RFC 5057). */
  close(): void {
    const ids = former.get(this.#dialog) ?? new Set();
    former.set(this.#dialog, ids);
    if (this.#id !== undefined) ids.add(this.#id);
  }

  #notified(request: SipRequest): Reply | undefined {
    const [name = '', ...params] = (request.headers.get('Event') ?? 'refer')
      .split(';')
      .map((each) => each.trim());
    if (name.toLowerCase() !== 'refer') return { status: 489, headers: [['Allow-Events', 'refer']] };
    const id = params.find((each) => /^id\s*=/i.test(each))?.replace(/^id\s*=\s*/i, '');
    if (id !== undefined && former.get(this.#dialog)?.has(id)) return undefined;
    this.#accepted = true;
    const status = sipfragStatus(request);
    if (status >= 300) this.fail(failed(`the far end's call was refused with ${status}`));
    else if (status >= 200) this.#succeed();
    else if (/^\s*terminated\b/i.test(request.headers.get('Subscription-State') ?? ''))
      this.fail(failed('the far end ended its report without a result'));
    return undefined;
  }
}

const failed = (message: string) => new Failure('transfer_failed', message);

/** RFC 4488 §4: a far end that answers `Refer-Sub: false` accepts without a subscription. */
const reports = ({ headers }: SipResponse): boolean => !/^\s*false\b/i.test(headers.get('Refer-Sub') ?? '');

/**
 * The first status line in the body, whatever its type says: some send blank lines or other fields before it, and LF
 * for CR LF. 0 where there is none.
 */
function sipfragStatus({ body }: SipRequest): number {
  return Number(/^[ \t]*SIP\/2\.0[ \t]+([1-6]\d\d)\b/im.exec(body.toString('latin1'))?.[1] ?? 0);
}

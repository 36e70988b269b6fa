import { LruMap } from 'toad-cache';
import type { Clock, Log } from '../core/index.ts';
import { fromOf, type Hop, type SipRequest, toOf, userOf } from '../sip/index.ts';
import type { PhoneAccount, PhoneIdentity } from './phone-identity.ts';

/** The last failed login with a phone's name. */
export interface FailedLogin {
  /** Milliseconds since 1970. */
  at: number;
  address: string;
}

const MINUTE_MS = 60_000;
/** Lines in a minute; and one in a minute of each name at each address. */
const MAX_LINES = 60;
/** Phones that are remembered. */
const MAX_PHONES = 10_000;

/** REGISTERs and INVITEs with a wrong password: counted, logged at a bounded rate, and kept for the phone's page. */
export class FailedLogins {
  /** Since the start. */
  count = 0;
  #phones: Pick<PhoneIdentity, 'find'>;
  #clock: Clock;
  #log: Log;
  /** By the id of the phone. */
  #last = new LruMap<FailedLogin>(MAX_PHONES);
  #minute = -1;
  #lines = new Set<string>();

  constructor(phones: Pick<PhoneIdentity, 'find'>, clock: Clock, log: Log) {
    this.#phones = phones;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes note of a request that was answered with 403; one without a proof of a password is passed over. */
  refused(request: SipRequest, { transport, address }: Hop): void {
    if (!request.headers.has('Authorization')) return;
    this.count++;
    const { method } = request;
    const username = (userOf((method === 'REGISTER' ? toOf(request) : fromOf(request)).uri) ?? '').slice(
      0,
      64,
    );
    const phone = this.#phones.find(username);
    if (phone) this.#remember(phone, address);
    if (!this.#mayLog(`${address} ${username}`)) return;
    const hint = phone
      ? 'check the password of the phone: it was shown when the phone was created'
      : 'there is no phone of this name: create it with POST /v1/phones';
    this.#log.warn(
      { method, transport, address, username, hint },
      'SIP login failed: wrong name or password',
    );
  }

  last(phoneId: string): FailedLogin | undefined {
    return this.#last.get(phoneId);
  }

  #remember({ id }: PhoneAccount, address: string): void {
    this.#last.set(id, { at: Math.round(this.#clock.now()), address });
  }

  #mayLog(line: string): boolean {
    const minute = Math.floor(this.#clock.monotonic() / MINUTE_MS);
    if (minute !== this.#minute) this.#lines.clear();
    this.#minute = minute;
    if (this.#lines.size > MAX_LINES || this.#lines.has(line)) return false;
    this.#lines.add(line);
    if (this.#lines.size <= MAX_LINES) return true;
    this.#log.warn({ lines: MAX_LINES }, 'more SIP logins failed: no more of them are logged this minute');
    return false;
  }
}

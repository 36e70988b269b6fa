import { LruMap } from 'toad-cache';
import type { Clock, Log } from '../../core/index.ts';
import { fromOf, type Hop, type SipRequest, toOf, userOf } from '../../sip/index.ts';
import type { PhoneAccount, PhoneIdentity } from '../phone-identity.ts';

/** The last failed login with a phone's name. */
export interface FailedLogin {
  /** Milliseconds since 1970. */
  at: number;
  address: string;
}

const MINUTE_MS = 60_000;
/** Log lines per minute. Each name at each address is logged once per minute. */
const MAX_LINES = 60;
/** Phones whose last failed login is kept. */
const MAX_PHONES = 10_000;

/** Counts and logs REGISTERs and INVITEs with a wrong password, and keeps the last one of each phone. */
export class FailedLogins {
  /** Since the start. */
  count = 0;
  #phones: Pick<PhoneIdentity, 'find'>;
  #clock: Clock;
  #log: Log;
  /** By phone id. */
  #last = new LruMap<FailedLogin>(MAX_PHONES);
  #minute = -1;
  #lines = new Set<string>();

  constructor(phones: Pick<PhoneIdentity, 'find'>, clock: Clock, log: Log) {
    this.#phones = phones;
    this.#clock = clock;
    this.#log = log;
  }

  /** Records a request that was answered with 403. Ignores requests without an Authorization header field. */
  record(request: SipRequest, { transport, address }: Hop): void {
    if (!request.headers.has('Authorization')) return;
    this.count++;
    const { method } = request;
    const username = (userOf((method === 'REGISTER' ? toOf(request) : fromOf(request)).uri) ?? '').slice(
      0,
      64,
    );
    const phone = this.#phones.find(username);
    if (phone) this.#keep(phone, address);
    if (!this.#mayLog(`${address} ${username}`)) return;
    const hint = phone
      ? 'check the password of the phone: POST /v1/phones returned it'
      : 'no phone has this name: create it with POST /v1/phones';
    this.#log.warn(
      { method, transport, address, username, hint },
      'SIP login failed: wrong name or password',
    );
  }

  last(phoneId: string): FailedLogin | undefined {
    return this.#last.get(phoneId);
  }

  #keep({ id }: PhoneAccount, address: string): void {
    this.#last.set(id, { at: Math.round(this.#clock.now()), address });
  }

  #mayLog(line: string): boolean {
    const minute = Math.floor(this.#clock.monotonic() / MINUTE_MS);
    if (minute !== this.#minute) this.#lines.clear();
    this.#minute = minute;
    if (this.#lines.size > MAX_LINES || this.#lines.has(line)) return false;
    this.#lines.add(line);
    if (this.#lines.size <= MAX_LINES) return true;
    this.#log.warn({ lines: MAX_LINES }, 'more SIP logins failed: further ones are not logged this minute');
    return false;
  }
}

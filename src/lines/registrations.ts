import { type Clock, explain, type Log, type Random, sleep, type Timer } from '../kit/index.ts';
import { contactsOf, formatUri, type Hop, parseUri, type SipResponse, type UserAgent } from '../sip/index.ts';
import { type Located, locator } from './locator.ts';
import { proxyOf, type TrunkLine } from './routes.ts';

/** A trunk that calls us only where we have registered. */
export interface RegisteringTrunk extends TrunkLine {
  id: string;
  /** Changes with every change of the trunk. */
  updatedAt: number;
}

export interface RegistrationsParts extends Located {
  userAgent: Pick<UserAgent, 'request' | 'local'>;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Seconds that we ask for. */
const EXPIRES = 600;
/** After a refusal we try again this late, twice as late each time. */
const RETRY_MS = { first: 5000, longest: 10 * 60_000 };
const CLOSE_MS = 2000;
/** A refresh is this early, for it may have to be repeated. */
const EARLY_MS = 30_000;

/** Our registrations with carriers (RFC 3261 §10.2), each refreshed as long as it is wanted. */
export class Registrations {
  #parts: RegistrationsParts;
  #running = new Map<string, Registration>();

  constructor(parts: RegistrationsParts) {
    this.#parts = parts;
  }

  /** Registers with these trunks, and with no others any more; one that has changed is registered anew. */
  want(trunks: readonly RegisteringTrunk[]): void {
    const wanted = new Map(trunks.map((trunk) => [trunk.id, trunk]));
    for (const [id, running] of this.#running) {
      if (wanted.get(id)?.updatedAt === running.trunk.updatedAt) continue;
      this.#running.delete(id);
      void running.end();
    }
    for (const [id, trunk] of wanted) {
      if (!this.#running.has(id)) this.#running.set(id, new Registration(trunk, this.#parts));
    }
  }

  /** Undefined: the trunk is not one to be registered with. */
  registered(id: string): boolean | undefined {
    return this.#running.get(id)?.registered;
  }

  /** Takes all back; resolves when the carriers have answered, after 2 s at the latest. */
  async close(): Promise<void> {
    const all = [...this.#running.values()];
    this.#running.clear();
    const patience = new AbortController();
    const ends = Promise.all(all.map((each) => each.end()));
    await Promise.race([ends, sleep(this.#parts.clock, CLOSE_MS, patience.signal).catch(() => {})]);
    patience.abort();
  }
}

/** One registration with one carrier. */
class Registration {
  readonly trunk: RegisteringTrunk;
  registered = false;
  #parts: RegistrationsParts;
  #callId: string;
  #seq = 1;
  #failures = 0;
  #timer: Timer | undefined;
  #ended = false;

  constructor(trunk: RegisteringTrunk, parts: RegistrationsParts) {
    this.trunk = trunk;
    this.#parts = parts;
    this.#callId = parts.random.uuid();
    void this.#refresh();
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#timer?.cancel();
    const { registered } = this;
    this.registered = false;
    if (registered) await this.#send(0).catch(() => {});
  }

  async #refresh(): Promise<void> {
    const response = await this.#send(EXPIRES).catch((error) => explain(error));
    if (this.#ended) return;
    const wait = typeof response === 'object' && response.status < 300 ? this.#kept(response) : undefined;
    if (wait === undefined) this.#refused(response);
    else this.#timer = this.#parts.clock.after(wait, () => void this.#refresh());
  }

  /** @returns when to refresh, in ms. */
  #kept(response: SipResponse): number {
    if (!this.registered) this.#parts.log.info({ trunk: this.trunk.gatewayName }, 'registered');
    this.registered = true;
    this.#failures = 0;
    const ms = 1000 * grantedBy(response, this.#contact);
    return Math.max(ms - EARLY_MS, ms / 2);
  }

  #refused(response: SipResponse | string): void {
    const { clock, log, random } = this.#parts;
    this.registered = false;
    const why = typeof response === 'string' ? response : `${response.status} ${response.reason}`;
    const wait = Math.min(RETRY_MS.first * 2 ** this.#failures++, RETRY_MS.longest);
    log.warn({ trunk: this.trunk.gatewayName, why, retry_seconds: wait / 1000 }, 'not registered');
    // Carriers that come back must not be asked by all at once.
    this.#timer = clock.after(wait * (0.8 + 0.4 * random.float()), () => void this.#refresh());
  }

  /** Asks the first of the carrier's addresses that answers. */
  async #send(expires: number): Promise<SipResponse> {
    const destination = formatUri(proxyOf(this.trunk));
    const guarded = this.trunk.customerId !== null;
    const places = await locator(this.#parts)({ destination, guarded });
    let response = await this.#ask(places[0]!, expires);
    for (const place of places.slice(1)) {
      if (response.status !== 408 && response.status !== 503) break;
      response = await this.#ask(place, expires);
    }
    return response;
  }

  #ask(destination: string | Hop, expires: number): Promise<SipResponse> {
    const { username, password, realm, fromDomain } = this.trunk;
    const { host, port } = proxyOf(this.trunk);
    const domain = fromDomain ? { host: fromDomain } : { host, port };
    const self = `<${formatUri({ scheme: 'sip', user: username ?? undefined, host: domain.host })}>`;
    const seq = this.#seq;
    // A challenge, and one whose nonce is worn out, take a CSeq of their own each.
    this.#seq += 3;
    return this.#parts.userAgent.request({
      ...{ method: 'REGISTER', callId: this.#callId, seq, from: self, to: self, destination },
      target: formatUri({ scheme: 'sip', ...domain }),
      credentials: username && password ? { username, password, realm: realm ?? undefined } : undefined,
      headers: [
        ['Contact', `<${this.#contact}>`],
        ['Expires', String(expires)],
      ],
    });
  }

  get #contact(): string {
    const { local } = this.#parts.userAgent;
    const { transport, username } = this.trunk;
    const params = transport === 'udp' ? undefined : new Map([['transport', transport]]);
    return formatUri({
      scheme: 'sip',
      user: username ?? 'minivoice',
      host: local.address,
      port: local.port,
      params,
    });
  }
}

/** RFC 3261 §10.2.4: the seconds that the 200 says of our Contact, else of the whole, else what we asked for. */
function grantedBy(response: SipResponse, contact: string): number {
  const { host, port, user } = parseUri(contact);
  const own = contactsOf(response).find(({ uri }) => {
    const other = parseUri(uri);
    return other.host === host && other.port === port && other.user === user;
  });
  const text = own?.params.get('expires') ?? response.headers.get('Expires');
  const seconds = Number(text ?? EXPIRES);
  return Number.isFinite(seconds) && seconds >= 10 ? seconds : EXPIRES;
}

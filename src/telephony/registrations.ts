import {
  type Clock,
  detach,
  explain,
  Failure,
  type Log,
  type Random,
  type Timer,
  withTimeout,
} from '../core/index.ts';
import { formatUri, type Hop, type SipResponse, type UserAgent } from '../sip/index.ts';
import { grantedSeconds, isLasting, minExpires, retryAfter } from './registration-answer.ts';
import { type RouteLocatorPorts, routeLocator } from './route-locator.ts';
import { proxyOf, type TrunkLine } from './routes.ts';

/** A trunk that calls us only where we have registered. */
export interface RegisteringTrunk extends TrunkLine {
  /** Changes with every change of the trunk. */
  updatedAt: number;
}

export interface RegistrationsParts extends RouteLocatorPorts {
  userAgent: Pick<UserAgent, 'request' | 'local'>;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Seconds that we ask for, unless the registrar wants more. */
const EXPIRES = 600;
/** A 423 that does not say how much more it wants is asked for twice as much, up to a day. */
const LONGEST_EXPIRES = 86_400;
/** After a refusal we try again this late, twice as late each time. */
const RETRY_MS = { first: 5000, longest: 10 * 60_000 };
/** The same after a refusal that lasts: a registrar may lock an account that keeps trying. */
const LASTING_RETRY_MS = { first: 60_000, longest: 60 * 60_000 };
const CLOSE_MS = 2000;
/** A refresh is this early, for it may have to be repeated. */
const EARLY_MS = 30_000;
/** However short or long a registrar's time is, we refresh neither more often nor less often than this. */
const REFRESH_MS = { soonest: 5000, latest: 24 * 3_600_000 };

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
      detach('registration.end', running.end());
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
    const { clock, log } = this.#parts;
    const ends = Promise.all(all.map((each) => each.end()));
    await withTimeout(clock, CLOSE_MS, ends, 'a registrar does not answer').catch((error) =>
      log.warn({ error: explain(error) }, 'registrations are left to expire'),
    );
  }
}

/** One registration with one carrier. */
class Registration {
  readonly trunk: RegisteringTrunk;
  registered = false;
  #parts: RegistrationsParts;
  #callId: string;
  #seq = 1;
  /** Seconds. */
  #asked = EXPIRES;
  #failures = 0;
  /** By place: the registrars there that want to be left alone, and until when by the monotonic clock, in ms. */
  #held = new Map<string, number>();
  #refreshing = false;
  #timer: Timer | undefined;
  #ended = false;

  constructor(trunk: RegisteringTrunk, parts: RegistrationsParts) {
    this.trunk = trunk;
    this.#parts = parts;
    this.#callId = parts.random.uuid();
    this.#refreshAfter(0);
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#timer?.cancel();
    // What is on its way registers us after all.
    const wasRegistered = this.registered || this.#refreshing;
    this.registered = false;
    if (wasRegistered) await this.#send(0).catch(() => {});
  }

  #refreshAfter(ms: number): void {
    const again = () => this.#refused('an answer could not be understood');
    const refresh = () => detach('registration.refresh', this.#refresh(), again);
    if (ms === 0) refresh();
    else this.#timer = this.#parts.clock.after(ms, refresh);
  }

  async #refresh(): Promise<void> {
    this.#refreshing = true;
    const response = await this.#register().catch((error) => explain(error));
    this.#refreshing = false;
    if (this.#ended) return;
    if (typeof response === 'object' && response.status < 300) this.#granted(response);
    else this.#refused(response);
  }

  /** RFC 3261 §10.2.8: a registrar that finds the time too short names its minimum, which we use from then on. */
  async #register(): Promise<SipResponse> {
    const response = await this.#send(this.#asked);
    const least = minExpires(response) ?? 0;
    if (least > this.#asked && !this.#ended) {
      this.#asked = least;
      return this.#send(this.#asked);
    }
    if (response.status === 423)
      this.#asked = Math.max(this.#asked, Math.min(2 * this.#asked, LONGEST_EXPIRES));
    return response;
  }

  #granted(response: SipResponse): void {
    const ms = 1000 * grantedSeconds(response, this.#contact, this.#asked);
    if (ms === 0) {
      this.#refused('the registration was accepted for 0 seconds');
      return;
    }
    if (!this.registered) this.#parts.log.info({ trunk: this.trunk.gatewayName }, 'registered');
    this.registered = true;
    this.#failures = 0;
    const early = Math.max(ms - EARLY_MS, ms / 2);
    this.#refreshAfter(Math.min(Math.max(early, REFRESH_MS.soonest), REFRESH_MS.latest));
  }

  #refused(response: SipResponse | string): void {
    if (this.#ended) return;
    const { log, random } = this.#parts;
    this.registered = false;
    const answered = typeof response === 'string' ? undefined : response;
    const why = answered ? `${answered.status} ${answered.reason}` : response;
    const retry = answered && isLasting(answered) ? LASTING_RETRY_MS : RETRY_MS;
    const usual = Math.min(retry.first * 2 ** this.#failures++, retry.longest);
    // Carriers that come back must not be asked by all at once.
    const wait = Math.max(
      usual * (0.8 + 0.4 * random.float()),
      answered ? 1000 * retryAfter(answered) * (1 + 0.2 * random.float()) : 0,
    );
    log.warn(
      { trunk: this.trunk.gatewayName, why, retry_seconds: Math.round(wait / 1000) },
      'not registered',
    );
    this.#refreshAfter(wait);
  }

  /** Asks the first of the carrier's addresses that answers. */
  async #send(expires: number): Promise<SipResponse> {
    const destination = formatUri(proxyOf(this.trunk));
    const guarded = this.trunk.customerId !== null;
    const now = this.#parts.clock.monotonic();
    for (const [place, until] of this.#held) if (until <= now) this.#held.delete(place);
    let response: SipResponse | undefined;
    for (const place of await routeLocator(this.#parts)({ destination, guarded })) {
      const key = JSON.stringify(place);
      if (this.#held.has(key)) continue;
      // What has been taken back must not be asked for at the next address.
      if (this.#ended && expires > 0) break;
      response = await this.#ask(place, expires);
      if (response.status !== 408 && response.status !== 503) return response;
      const seconds = retryAfter(response);
      if (seconds > 0) this.#held.set(key, this.#parts.clock.monotonic() + 1000 * seconds);
    }
    if (response) return response;
    throw new Failure('connect_failed', 'every address of the registrar has asked us to try again later');
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

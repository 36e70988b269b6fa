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
import { type OutboundTrunk, proxyOf } from './outbound-routes.ts';
import { grantedSeconds, isLasting, minExpires, retryAfter } from './registration-answer.ts';
import { type RouteLocatorDeps, routeLocator } from './route-locator.ts';

/** A trunk that we register with. */
export interface RegisteringTrunk extends OutboundTrunk {
  /** Changes with every change of the trunk. */
  updatedAt: number;
}

export interface RegistrationsParts extends RouteLocatorDeps {
  userAgent: Pick<UserAgent, 'request' | 'local'>;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Seconds that we request, unless the registrar requires more. */
const EXPIRES = 600;
/** After a 423 without Min-Expires we double the time, up to a day. Seconds. */
const LONGEST_EXPIRES = 86_400;
/** The delay after a refusal, which doubles each time. */
const RETRY_MS = { first: 5000, longest: 10 * 60_000 };
/** The delay after a permanent refusal: a registrar may lock an account that keeps trying. */
const LASTING_RETRY_MS = { first: 60_000, longest: 60 * 60_000 };
const CLOSE_MS = 2000;
/** A refresh is this early, to leave time for a second attempt. */
const EARLY_MS = 30_000;
/** Limits of the refresh interval, whatever time the registrar grants. */
const REFRESH_MS = { soonest: 5000, latest: 24 * 3_600_000 };

/** Registers us with carriers and refreshes each registration while its trunk needs it (RFC 3261 §10.2). */
export class Registrations {
  #parts: RegistrationsParts;
  #running = new Map<string, Registration>();

  constructor(parts: RegistrationsParts) {
    this.#parts = parts;
  }

  /** Registers with exactly these trunks. A changed trunk is registered again. */
  setTrunks(trunks: readonly RegisteringTrunk[]): void {
    const wanted = new Map(trunks.map((trunk) => [trunk.id, trunk]));
    for (const [id, running] of this.#running) {
      if (wanted.get(id)?.updatedAt === running.trunk.updatedAt) continue;
      this.#running.delete(id);
      detach('telephony.registrations', running.end());
    }
    for (const [id, trunk] of wanted) {
      if (!this.#running.has(id)) this.#running.set(id, new Registration(trunk, this.#parts));
    }
  }

  /** Undefined: we do not register with the trunk. */
  registered(id: string): boolean | undefined {
    return this.#running.get(id)?.registered;
  }

  /** Removes all registrations; resolves when the carriers have answered, after 2 s at the latest. */
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
  /** Registrar addresses that have sent Retry-After, with the monotonic time in ms at which it ends. */
  #paused = new Map<string, number>();
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
    // A REGISTER that is not answered yet may still succeed.
    const wasRegistered = this.registered || this.#refreshing;
    this.registered = false;
    if (wasRegistered) await this.#send(0).catch(() => {});
  }

  #refreshAfter(ms: number): void {
    const again = () => this.#refused('the response could not be parsed');
    const refresh = () => detach('telephony.registrations', this.#refresh(), again);
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

  /** RFC 3261 §10.2.8: a 423 names the registrar's minimum, which we use from then on. */
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
    // Randomized, so that trunks do not all register at once when a carrier recovers.
    const wait = Math.max(
      usual * (0.8 + 0.4 * random.float()),
      answered ? 1000 * retryAfter(answered) * (1 + 0.2 * random.float()) : 0,
    );
    log.warn(
      { trunk: this.trunk.gatewayName, why, retry_seconds: Math.round(wait / 1000) },
      'registration failed',
    );
    this.#refreshAfter(wait);
  }

  /** Sends to the first of the carrier's addresses that answers. */
  async #send(expires: number): Promise<SipResponse> {
    const destination = formatUri(proxyOf(this.trunk));
    const mustBePublic = this.trunk.customerId !== null;
    const now = this.#parts.clock.monotonic();
    for (const [address, until] of this.#paused) if (until <= now) this.#paused.delete(address);
    let response: SipResponse | undefined;
    for (const host of await routeLocator(this.#parts)({ destination, mustBePublic })) {
      const key = JSON.stringify(host);
      if (this.#paused.has(key)) continue;
      // The registration has ended meanwhile: do not register at the next address.
      if (this.#ended && expires > 0) break;
      response = await this.#ask(host, expires);
      if (response.status !== 408 && response.status !== 503) return response;
      const seconds = retryAfter(response);
      if (seconds > 0) this.#paused.set(key, this.#parts.clock.monotonic() + 1000 * seconds);
    }
    if (response) return response;
    throw new Failure('connect_failed', 'every address of the registrar has sent Retry-After');
  }

  #ask(destination: string | Hop, expires: number): Promise<SipResponse> {
    const { username, password, realm, fromDomain } = this.trunk;
    const { host, port } = proxyOf(this.trunk);
    const domain = fromDomain ? { host: fromDomain } : { host, port };
    const self = `<${formatUri({ scheme: 'sip', user: username ?? undefined, host: domain.host })}>`;
    const seq = this.#seq;
    // Answering a challenge and answering a stale one each take another CSeq.
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

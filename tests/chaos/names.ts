import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { createServer as createPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../e2e/support/peers.ts';
import { testCertificate } from '../../src/net/testing/certificate.ts';
import type { Chapter } from './fault.ts';
import { accountOf, type Seen, World } from './world.ts';

const OURSELVES =
  'app.test (127.0.0.1) is a loopback address; this server only connects to public addresses unless it is started with MINIVOICE_ALLOW_PRIVATE_URLS=true';
const NOWHERE = 'no connection is attempted';
const PRELOAD = join(import.meta.dirname, 'names.mjs');
/** An address of the internet, behind which `Outside` stands. */
const PUBLIC = '8.8.8.8';
/** Addresses of this machine and its network, as a name service may return them. */
const INSIDE = [
  '127.0.0.1',
  '0.0.0.0',
  '::1',
  '::ffff:127.0.0.1',
  '169.254.169.254',
  'fd00::1',
  '64:ff9b::7f00:1',
];
/** What leads there as it stands in a URL. */
const WRITTEN = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[fe80::1%25lo]',
  '[64:ff9b::7f00:1]',
  'localhost',
  'localhost.',
  'app.test@127.0.0.1',
  '127.0.0.1#@app.test',
  '①②⑦.0.0.1',
];

/** A world with a name service and an internet of its own. */
class Internet {
  readonly world: World;
  readonly port: number;
  /** Connections to this machine that nobody should make. */
  intruders = 0;
  /** What the application answers, by the path that it is asked for. */
  readonly documents = new Map<string, object[]>();
  readonly #folder: string;
  readonly #servers: { close(): unknown }[];
  readonly #application: Server;

  static async open(): Promise<Internet> {
    const folder = mkdtempSync(join(tmpdir(), 'minivoice-names-'));
    const [names, connected, ca] = ['names', 'connected', 'ca'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(names, '{}');
    writeFileSync(connected, '');
    writeFileSync(ca, testCertificate.cert);
    const preload = { CHAOS_NAMES: names, CHAOS_CONNECTED: connected, NODE_OPTIONS: `--import ${PRELOAD}` };
    const settings = { MINIVOICE_ALLOW_PRIVATE_URLS: 'false', NODE_EXTRA_CA_CERTS: ca };
    const world = await World.open({ ...preload, ...settings });
    const internet = new Internet(world, folder, freePort());
    await internet.#listen();
    return internet;
  }

  private constructor(world: World, folder: string, port: number) {
    this.world = world;
    this.port = port;
    this.#folder = folder;
    this.#application = createServer(testCertificate, ({ url = '' }, response) => {
      response.end(JSON.stringify({ actions: this.documents.get(url) }));
    });
    const plain = () => createPlain((socket) => this.#intruded(socket)).unref();
    this.#servers = [this.#application, plain(), plain()];
  }

  /** A line whose application, at `https://app.test`, answers this. */
  line(actions: object[], fields: Record<string, unknown> = {}) {
    const path = String(this.documents.size);
    this.documents.set(`/${path}`, actions);
    const answer_url = this.url('app.test') + path;
    const given = {
      answer_url,
      webhook_url: null,
      webhook_secret: null,
      fault_message: 'We are very sorry.',
    };
    return this.world.harness.line([], { ...given, ...fields });
  }

  url(host: string, scheme = 'https'): string {
    const [name, rest = ''] = host.split('#');
    return `${scheme}://${name}:${this.port}/${rest && `#${rest}`}`;
  }

  /** From now on the name service says this. */
  say(names: Record<string, string[] | 'silent'>): void {
    writeFileSync(join(this.#folder, 'names'), JSON.stringify(names));
  }

  /** Ends the connections that are kept for the next request. */
  hangUp(): void {
    this.#application.closeAllConnections();
  }

  /** Where the server has tried to connect to, but for the internet. */
  get strayed(): string {
    const all = readFileSync(join(this.#folder, 'connected'), 'utf8').split('\n').filter(Boolean);
    const inside = [...new Set(all.filter((address) => address !== '127.0.0.2'))];
    if (all.length === inside.length) return 'nobody was asked at all';
    return inside.length + this.intruders > 0 ? `went to ${inside} (${this.intruders})` : NOWHERE;
  }

  async close(): Promise<void> {
    await this.world.close();
    this.hangUp();
    for (const server of this.#servers) server.close();
    rmSync(this.#folder, { recursive: true });
  }

  async #listen(): Promise<void> {
    const hosts = ['127.0.0.2', '127.0.0.1', '::1'];
    for (const [at, server] of this.#servers.entries()) {
      const listening = server as Server;
      listening.listen(this.port, hosts[at]);
      // A machine without IPv6 has no `::1`.
      await Promise.race([once(listening, 'listening'), once(listening, 'error').catch(() => {})]);
    }
  }

  #intruded(socket: { destroy(): void }): void {
    this.intruders++;
    socket.destroy();
  }
}

async function onInternet(happen: (internet: Internet) => Promise<Seen>): Promise<Seen> {
  const internet = await Internet.open();
  try {
    return await happen(internet);
  } finally {
    await internet.close();
  }
}

/** Every kind of URL, with every misleading address. */
async function astray(internet: Internet): Promise<Seen> {
  const { world } = internet;
  const names = Object.fromEntries(INSIDE.map((address, at) => [`inside${at}.test`, [address]]));
  internet.say({ ...names, 'app.test': [PUBLIC] });
  const hosts = Object.keys(names);
  const actions = [
    ...hosts.map((host) => ({ play: { url: internet.url(host) } })),
    ...hosts.map((host) => ({ start_stream: { stream_url: internet.url(host, 'wss') } })),
    { pause: { seconds: 0.5 } },
    { redirect: { url: internet.url(hosts[0]!) } },
  ];
  const line = await internet.line(actions, { webhook_url: internet.url(hosts[0]!) });
  const caller = await world.call(line);
  await caller.hungUp();
  const events = await (await accountOf(line)).events();
  internet.say({ 'app.test': [PUBLIC] });
  const follow = async (host: string) => {
    const url = internet.url(host);
    const written = await internet.line([{ play: { url } }, { redirect: { url } }]);
    await (await world.call(written)).hungUp();
  };
  for (let at = 0; at < WRITTEN.length; at += 6) await Promise.all(WRITTEN.slice(at, at + 6).map(follow));
  return { caller: caller.outcome('the error prompt'), application: events, operator: internet.strayed };
}

/** A name that is good when it is asked first. */
async function rebound(internet: Internet): Promise<Seen> {
  const { world } = internet;
  const line = await internet.line([{ pause: { seconds: 0.1 } }]);
  const outcomes: string[] = [];
  for (const address of INSIDE) {
    internet.say({ 'app.test': [PUBLIC] });
    const good = await world.call(line);
    await good.hungUp();
    internet.say({ 'app.test': [address] });
    internet.hangUp();
    const bad = await world.call(line);
    await bad.hungUp();
    outcomes.push(bad.outcome('the error prompt'));
  }
  const account = await accountOf(line);
  return {
    caller: [...new Set(outcomes)].join(', '),
    application: await account.events(),
    operator: internet.strayed,
  };
}

/** A name that is in the own network from the beginning. */
async function inside(internet: Internet): Promise<Seen> {
  internet.say({ 'app.test': ['127.0.0.1'] });
  const line = await internet.line([], { webhook_url: null });
  const caller = await internet.world.call(line);
  await caller.hungUp();
  const account = await accountOf(line);
  return {
    caller: caller.outcome('the error prompt'),
    application: await account.events(),
    operator: account.logged(),
  };
}

/** Nobody answers the question for the name. */
async function silent(internet: Internet): Promise<Seen> {
  internet.say({ 'app.test': 'silent' });
  const line = await internet.line([]);
  const caller = await internet.world.call(line);
  await caller.hungUp();
  const account = await accountOf(line);
  return {
    caller: caller.outcome('the error prompt'),
    application: await account.events(),
    operator: account.logged(),
  };
}

export const names: Chapter = {
  title: 'Names',
  note: 'With `MINIVOICE_ALLOW_PRIVATE_URLS=false`, and with a simulated name service and internet.',
  faults: [
    {
      name: 'an application whose host name leads to this machine',
      happen: () => onInternet(inside),
      promised: {
        caller: 'hears the error prompt',
        application: '`call.failed` (`answer_url_error`)',
        operator: `log: \`could not fetch actions from answer_url\` (${OURSELVES})`,
      },
    },
    {
      name: 'an application whose URLs for webhooks, audio, streams, and redirects lead to this machine or its network, by name or by address',
      slow: true,
      happen: () => onInternet(astray),
      promised: {
        caller: 'hears the error prompt',
        application: '`call.failed` (`answer_url_error`)',
        operator: NOWHERE,
      },
    },
    {
      name: 'an application whose host name leads to this machine when it is resolved a second time',
      slow: true,
      happen: () => onInternet(rebound),
      promised: {
        caller: 'hears the error prompt',
        application: '`call.failed` (`answer_url_error`)',
        operator: NOWHERE,
      },
    },
    {
      name: 'an application whose name servers do not respond',
      slow: true,
      happen: () => onInternet(silent),
      promised: {
        caller: 'hears the error prompt',
        application: '`call.failed` (`answer_url_error`)',
        operator:
          'log: `could not fetch actions from answer_url` (the name servers of app.test do not answer)',
      },
    },
  ],
};

import { seededRandom, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { MemoryNetwork } from '../../net/testing/memory-network.ts';
import type { IncomingInvite } from '../incoming-invite.ts';
import { createUserAgent, type UserAgent, type UserAgentOptions } from '../user-agent.ts';

export const OFFER = 'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=offer\r\n';
export const ANSWER = 'v=0\r\no=- 2 1 IN IP4 10.0.0.2\r\ns=answer\r\n';

/** Two user agents, alice at 10.0.0.1 and bob at 10.0.0.2, on a memory network in virtual time. */
export interface Pair {
  clock: VirtualClock;
  network: MemoryNetwork;
  alice: UserAgent;
  bob: UserAgent;
  /** All messages sent over UDP, such as `alice INVITE` or `bob 200 INVITE`. */
  wire: string[];
  /** The calls that bob received. */
  invites: IncomingInvite[];
}

export async function openPair(options: Partial<UserAgentOptions> = {}, seed = 1): Promise<Pair> {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const network = new MemoryNetwork(clock, random);
  const wire: string[] = [];
  network.filter = ({ data, from }) => {
    wire.push(`${from.address === '10.0.0.1' ? 'alice' : 'bob'} ${summary(data)}`);
    return true;
  };
  const make = (host: string) =>
    createUserAgent({
      clock,
      random,
      log: silentLog,
      network,
      host,
      port: 5060,
      userAgent: 'test',
      ...options,
    });
  const alice = make('10.0.0.1');
  const bob = make('10.0.0.2');
  await Promise.all([alice.listen(), bob.listen()]);
  const invites: IncomingInvite[] = [];
  bob.onInvite = (invite) => void invites.push(invite);
  return { clock, network, alice, bob, wire, invites };
}

/** Method, or status and method, of a message: `INVITE`, `200 INVITE`. */
export function summary(data: Buffer): string {
  const text = data.toString('latin1');
  const status = /^SIP\/2.0 (\d+)/.exec(text)?.[1];
  const method = /^CSeq: \d+ (\w+)/im.exec(text)?.[1] ?? '?';
  return status ? `${status} ${method}` : (text.split(' ')[0] ?? '');
}

/** Establishes a call from alice to bob. */
export async function establishCall(pair: Pair) {
  const { alice, clock, invites } = pair;
  const outgoing = alice.invite({ target: 'sip:bob@10.0.0.2', from: 'sip:alice@10.0.0.1', sdp: OFFER });
  await clock.advance(20);
  const accepted = invites.at(-1)!.accept(ANSWER);
  await clock.advance(50);
  const result = await outgoing.result;
  if (result.kind !== 'accepted') throw new Error(`refused: ${result.status} ${result.reason}`);
  return { near: result.dialog, far: await accepted };
}

/** Counts the open resources after all timers have run out; a test expects `NONE_OPEN`. */
export async function openResources({ clock, alice, bob }: Pair) {
  await clock.advance(200_000);
  const open = (agent: UserAgent) => Object.values(agent.counters.open).reduce((sum, each) => sum + each, 0);
  return { alice: open(alice), bob: open(bob), timers: clock.pending };
}

export const NONE_OPEN = { alice: 0, bob: 0, timers: 0 };

import { seededRandom } from '../../../src/core/index.ts';
import { answerOffer } from '../../../src/sdp/index.ts';
import { createUserAgent, type IncomingInvite } from '../../../src/sip/index.ts';
import { PhoneIdentity, Registrar } from '../../../src/telephony/index.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';
import { sipCorpus, sipMessage } from './sip-messages.ts';
import { defectsIn, IsolatedNetwork } from './support.ts';

const SOURCE = { address: '10.0.0.9', port: 5060 };
/** Messages between two time steps of five seconds. */
const RATE = 500;
const LOCAL = { address: '10.0.0.1', port: 4000, sessionId: 1, version: 1, codecs: ['PCMU'] as const };

/** A user agent with a registrar that answers, refuses and hangs up calls. */
async function open(): Promise<Subject> {
  const clock = new StepClock();
  const random = seededRandom(7);
  const defects: string[] = [];
  const network = new SourceNetwork();
  const agent = createUserAgent({
    clock,
    random,
    log: defectsIn(defects),
    network,
    host: '10.0.0.1',
    port: 5060,
    userAgent: 'fuzz',
  });
  const find = (username: string) => ({
    ...{ id: 'phone_1', username, customerId: 'cust_1' },
    ha1: '0'.repeat(32),
  });
  const registrar = new Registrar(new PhoneIdentity({ find, realm: 'minivoice', clock, random }), clock);
  agent.onRequest = (request, source) => registrar.answer(request, source);
  let calls = 0;
  agent.onInvite = (invite) => void handle(invite, calls++).catch(() => invite.reject(488));
  await agent.listen();
  const run = async (seconds: number) => {
    for (let s = 0; s < seconds; s += 5) {
      clock.run(5000);
      await new Promise(setImmediate);
    }
  };
  let inputs = 0;
  return {
    async process(input) {
      const { malformed } = agent.counters.transport.udp;
      network.arrive(input);
      if (++inputs % RATE === 0) await run(5);
      const { udp } = agent.counters.transport;
      if (udp.defects > 0 || defects.length > 0) throw new Error(defects[0] ?? 'a message was not handled');
      return udp.malformed > malformed ? 'refused' : 'accepted';
    },
    async settle() {
      await run(4000);
      const open = Object.entries(agent.counters.open).filter(([, count]) => count > 0);
      return open.map(([name, count]) => `${count} ${name}`);
    },
    async close() {
      const closed = agent.close();
      await run(10);
      await closed;
    },
  };
}

async function handle(invite: IncomingInvite, number: number): Promise<void> {
  if (number % 4 === 0) return invite.reject(486);
  if (number % 4 === 1) invite.progress(number % 8 === 1 ? 180 : 183);
  const { sdp } = answerOffer(invite.offer ?? '', LOCAL);
  const dialog = await invite.accept(sdp);
  dialog.onOffer = (offer) => answerOffer(offer ?? '', { ...LOCAL, previous: sdp }).sdp;
  if (number % 4 === 2) void dialog.bye();
}

/** A network with one source that ignores all responses. */
class SourceNetwork extends IsolatedNetwork {
  arrive(data: Buffer): void {
    this.received(data, SOURCE);
  }
}

/** The SIP stack behind its port: transactions, dialogs, digest, registrar. */
export const sipStack: Target = {
  name: 'sip-stack',
  share: 100,
  corpus: sipCorpus,
  generate: sipMessage,
  open,
};

import { silentLog, systemClock, systemRandom } from '../../src/kit/index.ts';
import { createMediaEngine, type Sound } from '../../src/media/index.ts';
import { acceptAnswer, createOffer } from '../../src/sdp/index.ts';
import { createUserAgent } from '../../src/sip/index.ts';

/** A telephone over loopback: it calls, presses keys, speaks, and hangs up. */
export async function openPhone(ports: { from: number; to: number }) {
  const parts = { clock: systemClock, random: systemRandom, log: silentLog, host: '127.0.0.1' };
  const media = await createMediaEngine({ ...parts, workers: 1, ports });
  const userAgent = createUserAgent({ ...parts, port: 0, userAgent: 'MiniVoice demo phone' });
  const { port } = await userAgent.listen();

  async function call(number: string, server: string) {
    const audio = await media.open();
    const offer = createOffer({
      address: audio.local.address,
      port: audio.local.port,
      sessionId: 1,
      version: 0,
      codecs: ['PCMU'],
      telephoneEvent: true,
      direction: 'sendrecv',
    });
    const from = `sip:+15550199999@127.0.0.1:${port}`;
    const invite = userAgent.invite({ target: `sip:${number}@${server}`, from, sdp: offer });
    const result = await invite.result;
    if (result.kind === 'refused') throw new Error(`the call was refused: ${result.status} ${result.reason}`);
    audio.connect(acceptAnswer(offer, result.answer));
    return {
      press: (digits: string) => audio.sendDigits(digits),
      speak: (sounds: AsyncIterable<Sound>) => audio.play(sounds),
      ended: result.dialog.ended,
      hangUp: () => result.dialog.bye(),
      close: () => audio.close(),
    };
  }

  return { call, close: () => Promise.all([userAgent.close(), media.close()]) };
}

import { readFile } from 'node:fs/promises';
import { type AudioClip, readWav } from '../../src/audio/index.ts';
import { silentLog, systemClock, systemRandom } from '../../src/core/index.ts';
import { createMediaEngine } from '../../src/media/index.ts';
import { acceptAnswer, createOffer } from '../../src/sdp/index.ts';
import { createUserAgent } from '../../src/sip/index.ts';

/** A telephone over loopback: it calls, listens, presses keys and speaks. What it hears goes into `earFile`. */
export async function openPhone(ports: { from: number; to: number }, earFile: string) {
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
    // What the phone hears is on the left channel of a file of its own.
    const ear = await audio.tap({ path: earFile, channels: 2, maxSeconds: 600 });
    return {
      press: (digits: string) => audio.sendDigits(digits),
      speak: (sounds: AsyncIterable<AudioClip>) => audio.play(sounds),
      ended: result.dialog.ended,
      /** Seconds in which something was heard, when the call is over. */
      async secondsHeard(): Promise<number> {
        await ear.stop();
        await audio.close();
        return secondsOfSound(await readFile(earFile));
      },
    };
  }

  return { call, close: () => Promise.all([userAgent.close(), media.close()]) };
}

/** Frames of 20 ms on the left channel that are louder than the noise of a line. */
function secondsOfSound(file: Buffer): number {
  const left = readWav(file).channels[0]!;
  let frames = 0;
  for (let start = 0; start + 160 <= left.length; start += 160) {
    const peak = left
      .subarray(start, start + 160)
      .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    if (peak > 500) frames++;
  }
  return frames / 50;
}

import { Failure } from '../core/index.ts';
import type { Network } from '../net/index.ts';

/** What is listened on, by the settings that say where. */
export interface Listening {
  hostSetting: string;
  host: string;
  portSetting: string;
  port: number;
}

/** Why an address cannot be listened on, in a sentence that names the setting to change. Always throws. */
export function cannotListen({ hostSetting, host, portSetting, port }: Listening): (error: unknown) => never {
  return (cause) => {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const sentences: Record<string, string> = {
      EADDRINUSE: `${portSetting}: port ${port} of ${host} is in use by another program; end that, or set another port`,
      EACCES: `${portSetting}: this user may not open port ${port}; set one above 1023`,
      EADDRNOTAVAIL: `${hostSetting}: this machine has no address ${host}`,
      ENOTFOUND: `${hostSetting}: ${host} is neither an address nor a name that is known`,
      EAI_AGAIN: `${hostSetting}: the name ${host} could not be looked up`,
      EINVAL: `${hostSetting}: ${host} cannot be listened on`,
    };
    if (!sentences[code]) throw cause;
    throw new Failure('invalid_setting', sentences[code], { cause });
  };
}

/** So many pairs of ports are tried before the range is taken for used up. */
const PAIRS_TRIED = 1_000;

/**
 * Makes sure that there is a port for the sound of a first call: a range that another program uses would be noticed
 * only when calls are refused. Fails with `invalid_setting`.
 */
export async function checkRtpPorts(
  { from, to }: { from: number; to: number },
  host: string,
  network: Pick<Network, 'bind'>,
): Promise<void> {
  const first = from + (from % 2);
  const last = Math.min(to - 1, first + 2 * PAIRS_TRIED);
  for (let port = first; port <= last; port += 2) {
    try {
      const socket = await network.bind({ address: host, port }, () => {});
      return await socket.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      const settings = { hostSetting: 'MINIVOICE_SIP_HOST', portSetting: 'MINIVOICE_RTP_PORTS' };
      cannotListen({ ...settings, host, port })(error);
    }
  }
  const sentence = `MINIVOICE_RTP_PORTS: the ports from ${from} to ${to} of ${host} are in use by other programs`;
  throw new Failure('invalid_setting', `${sentence}; set other ones`);
}

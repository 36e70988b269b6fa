import { Failure } from '../core/index.ts';
import type { Network } from '../net/index.ts';

/** An address and port, and the settings that contain them. */
export interface ListenAddress {
  hostSetting: string;
  host: string;
  portSetting: string;
  port: number;
}

/** Returns an error handler that throws a `Failure` naming the setting to change. */
export function cannotListen({
  hostSetting,
  host,
  portSetting,
  port,
}: ListenAddress): (error: unknown) => never {
  return (cause) => {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const messages: Record<string, string> = {
      EADDRINUSE: `${portSetting}: port ${port} of ${host} is in use by another program; end that, or set another port`,
      EACCES: `${portSetting}: this user may not open port ${port}; set one above 1023`,
      EADDRNOTAVAIL: `${hostSetting}: this machine has no address ${host}`,
      ENOTFOUND: `${hostSetting}: ${host} is neither an address nor a name that is known`,
      EAI_AGAIN: `${hostSetting}: the name ${host} could not be looked up`,
      EINVAL: `${hostSetting}: ${host} cannot be listened on`,
    };
    if (!messages[code]) throw cause;
    throw new Failure('invalid_setting', messages[code], { cause });
  };
}

/** The number of port pairs that are tried before the range is considered to be in use. */
const MAX_PAIRS = 1_000;

/**
 * Checks that the RTP range has a free port, so that a range in use is noticed before the first call.
 *
 * Rejects with `invalid_setting`.
 */
export async function checkRtpPorts(
  { from, to }: { from: number; to: number },
  host: string,
  network: Pick<Network, 'bind'>,
): Promise<void> {
  const first = from + (from % 2);
  const last = Math.min(to - 1, first + 2 * MAX_PAIRS);
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
  const message = `MINIVOICE_RTP_PORTS: the ports from ${from} to ${to} of ${host} are in use by other programs`;
  throw new Failure('invalid_setting', `${message}; set other ones`);
}

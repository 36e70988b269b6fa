import { Failure } from '../kit/index.ts';

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

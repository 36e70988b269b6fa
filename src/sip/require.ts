import { type Core, SUPPORTED } from './core.ts';
import { splitList } from './message/index.ts';
import { reply } from './reply.ts';
import type { ServerTransaction } from './transaction/index.ts';

const understood = new Set(splitList(SUPPORTED));

/** RFC 3261 §8.2.2.3: refuses with 420 what requires more than we know. @returns is it understood? */
export function requireUnderstood(core: Core, transaction: ServerTransaction): boolean {
  const unknown = transaction.request.headers
    .all('Require')
    .filter((option) => !understood.has(option.toLowerCase()));
  if (unknown.length === 0) return true;
  const tags = unknown.join(', ');
  reply(core, transaction, 420, { headers: [['Unsupported', tags]], why: `${tags} is not supported` });
  return false;
}

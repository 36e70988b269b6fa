/**
 * Preloaded into the server: resolves names from a file, and connects to 127.0.0.2 in place of 8.8.8.8. The file has
 * the form `{"<name>": ["<address>", …]}`. Every address that is connected to is put into another file.
 */

import dns from 'node:dns/promises';
import { appendFileSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const PUBLIC = '8.8.8.8';
const { CHAOS_NAMES, CHAOS_CONNECTED } = process.env;
const unknown = (code) => Object.assign(new Error(`query ${code}`), { code });

async function answers(name, family, options) {
  const known = JSON.parse(readFileSync(CHAOS_NAMES, 'utf8'))[name];
  if (known === 'silent') {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    throw unknown('ETIMEOUT');
  }
  const found = (known ?? []).filter((address) => net.isIP(address) === family);
  if (found.length === 0) throw unknown('ENODATA');
  return options?.ttl ? found.map((address) => ({ address, ttl: 0 })) : found;
}

dns.Resolver.prototype.resolve4 = (name, options) => answers(name, 4, options);
dns.Resolver.prototype.resolve6 = (name, options) => answers(name, 6, options);
dns.Resolver.prototype.resolveSrv = () => Promise.reject(unknown('ENODATA'));
syncBuiltinESMExports();

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  const { lookup } = options;
  if (lookup)
    options.lookup = (name, how, callback) =>
      lookup(name, how, (error, found, family) => {
        const real = (address) => (address === PUBLIC ? '127.0.0.2' : address);
        if (Array.isArray(found))
          callback(
            error,
            found.map((each) => ({ ...each, address: real(each.address) })),
          );
        else callback(error, real(found), family);
      });
  this.once('connectionAttempt', (address) => appendFileSync(CHAOS_CONNECTED, `${address}\n`));
  return connect.apply(this, given);
};
